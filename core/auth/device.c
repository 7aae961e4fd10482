#include "core/auth/device.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/store/document.h"

enum { SV_DEVICE_SECRET_BYTES = 32, SV_DEVICE_SECRET_TEXT = 44, SV_MAX_DEVICES = 500 };

static bson_t *
sv_device_filter(const char *user_id, const char *device_id, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    BSON_APPEND_UTF8(filter, "user_id", user_id);
    if (device_id != NULL) {
        BSON_APPEND_UTF8(filter, "device_id", device_id);
    }
    return filter;
}

sv_status_t
sv_device_enrol(sv_store_t *store, const char *user_id, const char *device_id, int64_t now_ms, sv_arena_t *arena,
                const char **secret, sv_error_t *error)
{
    uint8_t bytes[SV_DEVICE_SECRET_BYTES];
    char *text = sv_arena_alloc(arena, SV_DEVICE_SECRET_TEXT), hash[SV_SHA256_HEX_SIZE];
    bson_t *update = sv_doc_new(arena);
    const bson_t *document;

    sv_random_bytes(bytes, sizeof(bytes));
    sv_base64url_encode(bytes, sizeof(bytes), text);
    sv_sha256_hex(text, strlen(text), hash);
    BCON_APPEND(update, "$set", "{", "secret_hash", BCON_UTF8(hash), "enrolled_at", BCON_DATE_TIME(now_ms), "}",
                "$setOnInsert", "{", "name", BCON_NULL, "last_used_at", BCON_NULL, "}");
    *secret = text;
    return sv_store_find_and_update(store, SV_COLLECTION_DEVICES, sv_device_filter(user_id, device_id, arena), update,
                                    true, true, arena, &document, error);
}

sv_status_t
sv_device_check(sv_store_t *store, const char *user_id, const char *device_id, const char *secret, bool *valid,
                sv_error_t *error)
{
    char hash[SV_SHA256_HEX_SIZE];
    const bson_t *document;
    const char *stored = NULL;

    *valid = false;
    if (sv_store_find_one(store, SV_COLLECTION_DEVICES, sv_device_filter(user_id, device_id, error->arena), NULL,
                          error->arena, &document, error) != SV_OK) {
        return error->status;
    }
    if (document != NULL) {
        stored = sv_doc_text(document, "secret_hash", error->arena);
    }
    sv_sha256_hex(secret, strlen(secret), hash);
    *valid =
        stored != NULL && strlen(stored) == sizeof(hash) - 1 && sv_equal_constant_time(stored, hash, sizeof(hash) - 1);
    return SV_OK;
}

sv_status_t
sv_device_used(sv_store_t *store, const char *user_id, const char *device_id, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena);

    BCON_APPEND(update, "$currentDate", "{", "last_used_at", BCON_BOOL(true), "}");
    return sv_store_update_one(store, SV_COLLECTION_DEVICES, sv_device_filter(user_id, device_id, error->arena), update,
                               NULL, error);
}

sv_status_t
sv_device_list(sv_store_t *store, const char *user_id, const char *device_id, sv_arena_t *arena,
               const sv_device_t **devices, size_t *count, sv_error_t *error)
{
    sv_device_t *list = sv_arena_alloc(arena, SV_MAX_DEVICES * sizeof(*list));
    bson_t *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    *devices = list;
    *count = 0;
    BCON_APPEND(options, "sort", "{", "device_id", BCON_INT32(1), "}", "limit", BCON_INT64(SV_MAX_DEVICES));
    if (sv_store_find(store, SV_COLLECTION_DEVICES, sv_device_filter(user_id, device_id, arena), options, &cursor,
                      error) != SV_OK) {
        return error->status;
    }
    while (*count < SV_MAX_DEVICES && mongoc_cursor_next(cursor, &row)) {
        list[(*count)++] = (sv_device_t){
            .device_id = sv_doc_text(row, "device_id", arena),
            .name = sv_doc_text(row, "name", arena),
            .enrolled_at_ms = sv_doc_time(row, "enrolled_at"),
            .last_used_at_ms = sv_doc_time(row, "last_used_at"),
        };
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

sv_status_t
sv_device_forget(sv_store_t *store, const char *user_id, const char *device_id, sv_error_t *error)
{
    int64_t deleted = 0;

    if (sv_store_delete_many(store, SV_COLLECTION_DEVICES, sv_device_filter(user_id, device_id, error->arena), &deleted,
                             error) != SV_OK) {
        return error->status;
    }
    return deleted > 0 ? SV_OK : sv_fail(error, SV_ERR_NOT_FOUND, "There is no device %s", device_id);
}
