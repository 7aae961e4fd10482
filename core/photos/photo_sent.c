#include "core/photos/photo_sent.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"

/* What stands before the letters of a picture in a data: URL. */
static size_t
sv_sent_head(const char *text, size_t length)
{
    static const char scheme[] = "data:";
    const char *comma;

    if (length < sizeof(scheme) - 1 || memcmp(text, scheme, sizeof(scheme) - 1) != 0) {
        return 0;
    }
    comma = memchr(text, ',', length);
    return comma == NULL ? 0 : (size_t) (comma - text) + 1;
}

static const char *
sv_sent_id(const sv_principal_t *who, const uint8_t *data, size_t length, sv_arena_t *arena)
{
    char bytes[SV_SHA256_HEX_SIZE], digest[SV_SHA256_HEX_SIZE];
    const char *content;

    sv_sha256_hex(data, length, bytes);
    content = sv_arena_printf(arena, "%s\x02%s", who->user_id, bytes);
    sv_sha256_hex(content, strlen(content), digest);
    return sv_arena_printf(arena, "sent-%.40s", digest);
}

/* Whether the picture itself is refused, and nothing else is wrong. */
static bool
sv_sent_is_refused(sv_status_t status)
{
    return status == SV_ERR_PHOTO_TYPE || status == SV_ERR_VALIDATION_FAILED || status == SV_ERR_ALREADY_EXISTS;
}

static void
sv_sent_name(json_t *object, const char *list, const char *client_photo_id)
{
    json_t *names = json_object_get(object, list);

    if (!json_is_array(names)) {
        names = json_array();
        json_object_set_new(object, list, names);
    }
    json_array_append_new(names, json_string(client_photo_id));
    json_object_del(object, SV_PHOTO_SENT);
}

static sv_status_t
sv_sent_store(sv_store_t *store, const sv_principal_t *who, json_t *object, const char *list, const uint8_t *data,
              size_t length, sv_error_t *error)
{
    const char *id = sv_sent_id(who, data, length, error->arena);
    const bson_t *photo;
    bool created;
    sv_status_t status = sv_photo_put(store, who, id, data, length, &photo, &created, error);

    if (status == SV_OK) {
        sv_sent_name(object, list, id);
    } else if (sv_sent_is_refused(status)) {
        sv_error_clear(error);
    }
    return error->status;
}

sv_status_t
sv_photo_take_sent(sv_store_t *store, const sv_principal_t *who, const json_t *object, const char *list,
                   sv_error_t *error)
{
    const json_t *sent = json_object_get(object, SV_PHOTO_SENT), *names = json_object_get(object, list);
    const char *text = json_string_value(sent);
    size_t length = json_string_length(sent), head, capacity = (size_t) store->settings->photo_max_bytes;
    uint8_t *data;
    int size;

    if (length == 0 || (names != NULL && !json_is_null(names) && !json_is_array(names))) {
        return SV_OK;
    }
    head = sv_sent_head(text, length);
    if (length / 4 * 3 < capacity) {
        capacity = length / 4 * 3 + 3;
    }
    data = malloc(capacity);
    if (data == NULL) {
        return sv_fail_cause(error, SV_ERR_BUSY, "no memory for a picture of %zu bytes", capacity);
    }
    size = sv_base64_decode(text + head, length - head, data, capacity);
    if (size > 0) {
        sv_sent_store(store, who, (json_t *) object, list, data, (size_t) size, error);
    }
    free(data);
    return error->status;
}

sv_status_t
sv_photos_take_sent(sv_store_t *store, const sv_principal_t *who, const json_t *body, const char *name,
                    const char *list, sv_error_t *error)
{
    const json_t *array = json_object_get(body, name), *object;
    size_t i;

    json_array_foreach(array, i, object)
    {
        if (sv_photo_take_sent(store, who, object, list, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
