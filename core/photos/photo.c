#include "core/photos/photo.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/base/text_gate.h"
#include "core/photos/image.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_PHOTO_CHUNK = 255 * 1024 }; /* as GridFS has it */

typedef struct {
    const sv_principal_t *who;
    const char *client_photo_id;
    const uint8_t *data;
    size_t length;
    sv_image_t image;
    char sha256[SV_SHA256_HEX_SIZE];
    bson_oid_t id;
    int64_t now_ms;
    bson_t *head;
} sv_photo_upload_t;

/* ---- what is there */

static sv_status_t
sv_photo_stored(sv_store_t *store, const char *client_photo_id, const bson_t **photo, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "client_photo_id", client_photo_id);
    return sv_store_find_one(store, SV_COLLECTION_PHOTOS, filter, NULL, error->arena, photo, error);
}

static bool
sv_photo_is_of(const bson_t *photo, const sv_principal_t *who, sv_arena_t *arena)
{
    const char *user_id = sv_doc_text(photo, "user_id", arena);

    return user_id != NULL && strcmp(user_id, who->user_id) == 0;
}

sv_status_t
sv_photo_find(sv_store_t *store, const sv_principal_t *who, const char *client_photo_id, const bson_t **photo,
              sv_error_t *error)
{
    if (sv_photo_stored(store, sv_text_fold_uuid(client_photo_id, error->arena), photo, error) != SV_OK) {
        return error->status;
    }
    if (*photo == NULL || (who->role < SV_ROLE_SUPERVISOR && !sv_photo_is_of(*photo, who, error->arena))) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no photo %s", client_photo_id);
    }
    return SV_OK;
}

/* ---- an upload */

static sv_status_t
sv_photo_look(sv_photo_upload_t *upload, sv_error_t *error)
{
    const sv_image_t *image = &upload->image;

    switch (sv_image_read(upload->data, upload->length, &upload->image)) {
    case SV_IMAGE_OK:
        break;
    case SV_IMAGE_UNKNOWN:
        return sv_fail(error, SV_ERR_PHOTO_TYPE, NULL);
    case SV_IMAGE_BROKEN:
        return sv_fail_field(error, "photo", "invalid_format", "does not tell its width and height");
    }
    if (image->width == 0 || image->height == 0 || image->width > SV_PHOTO_SIDE_MAX ||
        image->height > SV_PHOTO_SIDE_MAX || (uint64_t) image->width * image->height > (uint64_t) SV_PHOTO_PIXELS_MAX) {
        return sv_fail_field(error, "photo", "out_of_range",
                             "must have 1 to %d pixels a side and %d in all; it has %u times %u", SV_PHOTO_SIDE_MAX,
                             SV_PHOTO_PIXELS_MAX, image->width, image->height);
    }
    return SV_OK;
}

/* What is stored is this photo, or stands in its way. */
static sv_status_t
sv_photo_repeat(const sv_photo_upload_t *upload, const bson_t *stored, sv_error_t *error)
{
    const char *sha256 = sv_doc_text(stored, "sha256", error->arena);

    if (!sv_photo_is_of(stored, upload->who, error->arena) || sha256 == NULL || strcmp(sha256, upload->sha256) != 0) {
        return sv_fail(error, SV_ERR_ALREADY_EXISTS, "Another photo has this client_photo_id");
    }
    return SV_OK;
}

/* Who sends it once more is about to name it. */
static sv_status_t
sv_photo_renew(sv_store_t *store, const sv_photo_upload_t *upload, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("client_photo_id", BCON_UTF8(upload->client_photo_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$currentDate", "{", "looked_at", BCON_BOOL(true), "}"), error->arena);
    int64_t matched;

    if (sv_store_update_one(store, SV_COLLECTION_PHOTOS, filter, update, &matched, error) != SV_OK) {
        return error->status;
    }
    return matched > 0 ? SV_OK : sv_fail(error, SV_ERR_BUSY, "The photo was just removed; send it again");
}

static void
sv_photo_make_head(sv_photo_upload_t *upload, sv_arena_t *arena)
{
    bson_t *head = sv_doc_new(arena);

    BSON_APPEND_OID(head, "_id", &upload->id);
    BSON_APPEND_UTF8(head, "client_photo_id", upload->client_photo_id);
    BSON_APPEND_UTF8(head, "filename",
                     sv_arena_printf(arena, "%s.%s", upload->client_photo_id, upload->image.extension));
    BSON_APPEND_UTF8(head, "content_type", upload->image.content_type);
    BSON_APPEND_INT64(head, "length", (int64_t) upload->length);
    BSON_APPEND_INT32(head, "chunkSize", SV_PHOTO_CHUNK);
    sv_doc_put_time(head, "uploadDate", upload->now_ms);
    BSON_APPEND_INT32(head, "width", (int32_t) upload->image.width);
    BSON_APPEND_INT32(head, "height", (int32_t) upload->image.height);
    BSON_APPEND_UTF8(head, "sha256", upload->sha256);
    BSON_APPEND_UTF8(head, "user_id", upload->who->user_id);
    sv_doc_put_text(head, "full_name", upload->who->full_name);
    sv_doc_put_text(head, "warehouse", upload->who->warehouse);
    sv_doc_put_time(head, "looked_at", upload->now_ms);
    upload->head = head;
}

/* Uploads at the same moment may each be the last. */
static sv_status_t
sv_photo_check_day(sv_store_t *store, const sv_photo_upload_t *upload, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("user_id", BCON_UTF8(upload->who->user_id)), error->arena);
    int64_t most = store->settings->photo_day_max;
    bool full = false;

    sv_filter_span(filter, "uploadDate", upload->now_ms - SV_PHOTO_DAY_MS, 0);
    if (sv_store_reaches(store, SV_COLLECTION_PHOTOS, filter, most, &full, error) == SV_OK && full) {
        return sv_fail_field(error, "client_photo_id", "too_many",
                             "You stored %lld photos within 24 hours, as many as there may be", (long long) most);
    }
    return error->status;
}

static sv_status_t
sv_photo_begin(sv_store_t *store, sv_photo_upload_t *upload, sv_error_t *error)
{
    bson_t *note = sv_doc_new(error->arena);

    if (sv_store_now(store, &upload->now_ms, error) != SV_OK || sv_photo_check_day(store, upload, error) != SV_OK) {
        return error->status;
    }
    bson_oid_init(&upload->id, NULL);
    BSON_APPEND_OID(note, "_id", &upload->id);
    sv_doc_put_time(note, "begun_at", upload->now_ms);
    return sv_store_insert(store, SV_COLLECTION_PHOTO_UPLOADS, note, error);
}

static sv_status_t
sv_photo_put_chunks(sv_store_t *store, const sv_photo_upload_t *upload, sv_error_t *error)
{
    int32_t number = 0;

    for (size_t at = 0; at < upload->length && error->status == SV_OK; at += SV_PHOTO_CHUNK) {
        size_t rest = upload->length - at;
        bson_t chunk = BSON_INITIALIZER;

        BSON_APPEND_OID(&chunk, "files_id", &upload->id);
        BSON_APPEND_INT32(&chunk, "n", number++);
        BSON_APPEND_BINARY(&chunk, "data", BSON_SUBTYPE_BINARY, upload->data + at,
                           (uint32_t) (rest < SV_PHOTO_CHUNK ? rest : SV_PHOTO_CHUNK));
        sv_store_insert(store, SV_COLLECTION_PHOTO_CHUNKS, &chunk, error);
        bson_destroy(&chunk);
    }
    return error->status;
}

static sv_status_t
sv_photo_end(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_photo_upload_t *upload = context;
    bson_t *note = sv_doc_new(error->arena);
    int64_t deleted;

    BSON_APPEND_OID(note, "_id", &upload->id);
    BCON_APPEND(note, "swept", "{", "$exists", BCON_BOOL(false), "}");
    if (sv_store_delete_many(store, SV_COLLECTION_PHOTO_UPLOADS, note, &deleted, error) != SV_OK) {
        return error->status;
    }
    if (deleted == 0) {
        return sv_fail(error, SV_ERR_BUSY, "The upload took too long; send it again");
    }
    return sv_store_insert(store, SV_COLLECTION_PHOTOS, upload->head, error);
}

sv_status_t
sv_photo_drop(sv_store_t *store, const bson_oid_t *id, sv_error_t *error)
{
    bson_t *chunks = sv_doc_new(error->arena), *note = sv_doc_new(error->arena);
    int64_t deleted;

    BSON_APPEND_OID(chunks, "files_id", id);
    BSON_APPEND_OID(note, "_id", id);
    if (sv_store_delete_many(store, SV_COLLECTION_PHOTO_CHUNKS, chunks, &deleted, error) != SV_OK) {
        return error->status;
    }
    return sv_store_delete_many(store, SV_COLLECTION_PHOTO_UPLOADS, note, &deleted, error);
}

/* Two uploads of an id at once: the later has chunks for nothing. */
static sv_status_t
sv_photo_came_second(sv_store_t *store, const sv_photo_upload_t *upload, const bson_t **photo, sv_error_t *error)
{
    sv_error_clear(error);
    if (sv_photo_drop(store, &upload->id, error) != SV_OK ||
        sv_photo_stored(store, upload->client_photo_id, photo, error) != SV_OK) {
        return error->status;
    }
    return *photo != NULL ? sv_photo_repeat(upload, *photo, error) : sv_fail(error, SV_ERR_BUSY, NULL);
}

sv_status_t
sv_photo_put(sv_store_t *store, const sv_principal_t *who, const char *client_photo_id, const uint8_t *data,
             size_t length, const bson_t **photo, bool *created, sv_error_t *error)
{
    sv_photo_upload_t upload = { .who = who, .data = data, .length = length };

    *created = false;
    upload.client_photo_id = sv_text_fold_uuid(client_photo_id, error->arena);
    if (sv_photo_look(&upload, error) != SV_OK) {
        return error->status;
    }
    sv_sha256_hex(data, length, upload.sha256);
    if (sv_photo_stored(store, upload.client_photo_id, photo, error) != SV_OK) {
        return error->status;
    }
    if (*photo != NULL) {
        return sv_photo_repeat(&upload, *photo, error) == SV_OK ? sv_photo_renew(store, &upload, error) : error->status;
    }
    if (sv_photo_begin(store, &upload, error) != SV_OK || sv_photo_put_chunks(store, &upload, error) != SV_OK) {
        return error->status;
    }
    sv_photo_make_head(&upload, error->arena);
    if (sv_transaction_run(store, sv_photo_end, &upload, error) == SV_ERR_ALREADY_EXISTS) {
        return sv_photo_came_second(store, &upload, photo, error);
    }
    *photo = upload.head;
    *created = error->status == SV_OK;
    return error->status;
}

void
sv_photo_write_members(sv_json_writer_t *w, const bson_t *photo)
{
    static const struct {
        const char *stored, *told;
    } members[] = {
        { "client_photo_id", "client_photo_id" },
        { "content_type", "content_type" },
        { "length", "bytes" },
        { "width", "width" },
        { "height", "height" },
        { "sha256", "sha256" },
        { "user_id", "user_id" },
        { "uploadDate", "created_at" },
    };
    bson_iter_t iter;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (bson_iter_init_find(&iter, photo, members[i].stored)) {
            sv_doc_write_value(w, members[i].told, &iter);
        }
    }
}
