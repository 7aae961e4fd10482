#include "core/unknown/unknown_item.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/floor/floor.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/links.h"

const char *const sv_unknown_statuses[] = { "open", "linked", "created", "rejected", NULL };

/* ---- a report */

typedef struct {
    const char *session_id, *rack_id, *floor, *count_id, *warehouse;
} sv_find_place_t;

static sv_status_t
sv_find_place_of_session(sv_store_t *store, const sv_principal_t *who, const sv_find_t *find, sv_find_place_t *place,
                         sv_error_t *error)
{
    sv_floor_session_t session;
    sv_status_t status = sv_floor_session_find(store, find->session_id, error->arena, &session, error);

    if (status == SV_ERR_NOT_FOUND || status == SV_ERR_WRONG_KIND ||
        (status == SV_OK && strcmp(session.user_id, who->user_id) != 0)) {
        sv_error_clear(error);
        return sv_fail_field(error, "session_id", "session_unknown", "You have no session %s", find->session_id);
    }
    if (status != SV_OK) {
        return status;
    }
    if (find->rack_id != NULL && strcmp(find->rack_id, session.rack_id) != 0) {
        return sv_fail_field(error, "rack_id", "rack_mismatch", "The session is for rack %s", session.rack_id);
    }
    *place =
        (sv_find_place_t){ session.session_id, session.rack_id, session.floor, session.count_id, session.warehouse };
    return SV_OK;
}

static sv_status_t
sv_find_place_of_rack(sv_store_t *store, const sv_find_t *find, sv_find_place_t *place, sv_error_t *error)
{
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, find->rack_id, error->arena, &rack, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return sv_fail_field(error, "rack_id", "unknown", "There is no rack %s", find->rack_id);
    }
    if (status == SV_OK) {
        *place = (sv_find_place_t){ .rack_id = rack.rack_id, .floor = rack.floor, .warehouse = rack.warehouse };
    }
    return status;
}

static sv_status_t
sv_find_place(sv_store_t *store, const sv_principal_t *who, const sv_find_t *find, sv_find_place_t *place,
              sv_error_t *error)
{
    *place = (sv_find_place_t){ .warehouse = find->warehouse != NULL ? find->warehouse : who->warehouse };
    if (find->session_id != NULL) {
        return sv_find_place_of_session(store, who, find, place, error);
    }
    return find->rack_id != NULL ? sv_find_place_of_rack(store, find, place, error) : SV_OK;
}

static void
sv_find_append_photos(bson_t *document, const sv_find_t *find)
{
    bson_t array;
    char digits[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(document, "photos", &array);
    for (size_t i = 0; i < find->photo_count; i++) {
        size_t length = bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));

        bson_append_utf8(&array, key, (int) length, find->photos[i], -1);
    }
    bson_append_array_end(document, &array);
}

static void
sv_find_append_told(bson_t *document, const sv_find_t *find)
{
    sv_doc_put_text(document, "code", find->code);
    sv_doc_put_text(document, "name", find->name);
    sv_doc_put_text(document, "remark", find->remark);
    sv_find_append_photos(document, find);
    sv_doc_put_time(document, "found_at", find->found_at_ms);
}

/* What was sent, to tell a report sent again from another one. */
static void
sv_find_hash(const sv_find_t *find, char hash[SV_SHA256_HEX_SIZE], sv_arena_t *arena)
{
    bson_t *content = sv_doc_new(arena);

    sv_find_append_told(content, find);
    sv_doc_put_text(content, "session_id", find->session_id);
    sv_doc_put_text(content, "rack_id", find->rack_id);
    sv_doc_put_text(content, "warehouse", find->warehouse);
    sv_sha256_hex(bson_get_data(content), content->len, hash);
}

/* What its code is linked to already; the answer to a code that somebody else decided about. */
static sv_status_t
sv_find_linked_to(sv_store_t *store, const char *code, const char **item_code, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *link;

    *item_code = NULL;
    if (code == NULL) {
        return SV_OK;
    }
    BCON_APPEND(filter, "code", BCON_UTF8(code), "status", "{", "$in", "[", BCON_UTF8("linked"), BCON_UTF8("created"),
                "]", "}");
    if (sv_store_find_one(store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, error->arena, &link, error) == SV_OK &&
        link != NULL) {
        *item_code = sv_doc_text(link, "item_code", error->arena);
    }
    return error->status;
}

enum { SV_FIND_DAY_MS = 86400000 };

/* Reports at the same moment may each be the last. */
static sv_status_t
sv_find_check_many(sv_store_t *store, const sv_principal_t *who, const sv_find_t *find, int64_t now_ms,
                   sv_error_t *error)
{
    const sv_settings_t *settings = store->settings;
    bson_t *of_day = sv_doc_take(BCON_NEW("user_id", BCON_UTF8(who->user_id), "kind", "find"), error->arena);
    bson_t *of_session = sv_doc_take(BCON_NEW("kind", "find"), error->arena);
    bool full = false;

    sv_filter_span(of_day, "created_at", now_ms - SV_FIND_DAY_MS, 0);
    if (sv_store_reaches(store, SV_COLLECTION_UNKNOWN_ITEMS, of_day, settings->find_day_max, &full, error) == SV_OK &&
        full) {
        sv_fail_field(error, "unknown_item_id", "too_many",
                      "You reported %lld unknown items within 24 hours, as many as there may be",
                      (long long) settings->find_day_max);
    }
    if (error->status != SV_OK || find->session_id == NULL) {
        return error->status;
    }
    BSON_APPEND_UTF8(of_session, "session_id", find->session_id);
    if (sv_store_reaches(store, SV_COLLECTION_UNKNOWN_ITEMS, of_session, settings->find_session_max, &full, error) ==
            SV_OK &&
        full) {
        sv_fail_field(error, "session_id", "too_many", "The session has %lld unknown items, as many as there may be",
                      (long long) settings->find_session_max);
    }
    return error->status;
}

static sv_status_t
sv_find_make(sv_store_t *store, const sv_principal_t *who, const sv_find_t *find, const char *hash, bson_t *document,
             sv_error_t *error)
{
    sv_find_place_t place;
    const char *item_code;
    int64_t now_ms;

    if (sv_find_place(store, who, find, &place, error) != SV_OK ||
        sv_find_linked_to(store, find->code, &item_code, error) != SV_OK ||
        sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_find_check_many(store, who, find, now_ms, error) != SV_OK) {
        return error->status;
    }
    BSON_APPEND_UTF8(document, "unknown_item_id", find->unknown_item_id);
    BSON_APPEND_UTF8(document, "kind", "find");
    sv_find_append_told(document, find);
    BSON_APPEND_UTF8(document, "user_id", who->user_id);
    sv_doc_put_text(document, "full_name", who->full_name);
    sv_doc_put_text(document, "warehouse", place.warehouse);
    sv_doc_put_text(document, "floor", place.floor);
    sv_doc_put_text(document, "rack_id", place.rack_id);
    sv_doc_put_text(document, "count_id", place.count_id);
    sv_doc_put_text(document, "session_id", place.session_id);
    BSON_APPEND_UTF8(document, "status", item_code != NULL ? "linked" : "open");
    sv_doc_put_text(document, "item_code", item_code);
    if (item_code != NULL) {
        BSON_APPEND_BOOL(document, "settling", true);
        sv_doc_put_time(document, "resolved_at", now_ms);
    }
    BSON_APPEND_UTF8(document, "content_hash", hash);
    sv_doc_put_time(document, "created_at", now_ms);
    sv_doc_put_time(document, "updated_at", now_ms);
    return SV_OK;
}

static sv_status_t
sv_find_stored(sv_store_t *store, const sv_find_t *find, const bson_t **stored, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "unknown_item_id", find->unknown_item_id);
    return sv_store_find_one(store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, error->arena, stored, error);
}

/* What is stored is this report, or stands in its way. */
static sv_status_t
sv_find_repeat(const sv_principal_t *who, const char *hash, const bson_t *stored, sv_error_t *error)
{
    const char *user_id = sv_doc_text(stored, "user_id", error->arena);
    const char *before = sv_doc_text(stored, "content_hash", error->arena);

    if (user_id == NULL || strcmp(user_id, who->user_id) != 0 || before == NULL || strcmp(before, hash) != 0) {
        return sv_fail(error, SV_ERR_ALREADY_EXISTS, "Another find has this unknown_item_id");
    }
    return SV_OK;
}

sv_status_t
sv_find_report(sv_store_t *store, const sv_principal_t *who, const sv_find_t *find, const bson_t **stored,
               bool *created, sv_error_t *error)
{
    char hash[SV_SHA256_HEX_SIZE];
    bson_t *document = sv_doc_new(error->arena);

    *created = false;
    if (strncmp(find->unknown_item_id, SV_LINK_NOTE_PREFIX, sizeof(SV_LINK_NOTE_PREFIX) - 1) == 0) {
        return sv_fail_field(error, "unknown_item_id", "not_allowed", "must not begin with \"%s\"",
                             SV_LINK_NOTE_PREFIX);
    }
    sv_find_hash(find, hash, error->arena);
    if (sv_find_stored(store, find, stored, error) != SV_OK) {
        return error->status;
    }
    if (*stored != NULL) {
        return sv_find_repeat(who, hash, *stored, error);
    }
    if (sv_find_make(store, who, find, hash, document, error) != SV_OK) {
        return error->status;
    }
    if (sv_store_insert(store, SV_COLLECTION_UNKNOWN_ITEMS, document, error) == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
        if (sv_find_stored(store, find, stored, error) != SV_OK) {
            return error->status;
        }
        return *stored != NULL ? sv_find_repeat(who, hash, *stored, error) : sv_fail(error, SV_ERR_BUSY, NULL);
    }
    *stored = document;
    *created = error->status == SV_OK;
    return error->status;
}

/* ---- lists */

static bool
sv_find_is_internal(const char *name)
{
    static const char *const internal[] = { "_id", "content_hash", "settling", NULL };

    for (size_t i = 0; internal[i] != NULL; i++) {
        if (strcmp(internal[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void
sv_find_write_members(sv_json_writer_t *w, const bson_t *find)
{
    bson_iter_t iter;

    if (bson_iter_init(&iter, find)) {
        while (bson_iter_next(&iter)) {
            if (!sv_find_is_internal(bson_iter_key(&iter))) {
                sv_doc_write_value(w, bson_iter_key(&iter), &iter);
            }
        }
    }
}

static void
sv_find_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    (void) context;
    sv_json_object(w, NULL);
    sv_find_write_members(w, row);
    sv_json_end(w);
}

sv_status_t
sv_finds_list(sv_store_t *store, const sv_principal_t *who, sv_find_query_t *query, sv_json_writer_t *w,
              sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), since;

    if (who->role < SV_ROLE_SUPERVISOR) {
        BSON_APPEND_UTF8(filter, "user_id", who->user_id);
    }
    if (query->status != NULL) {
        BSON_APPEND_UTF8(filter, "status", query->status);
    }
    if (query->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", query->warehouse);
    }
    if (query->since_ms != 0) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "updated_at", &since);
        BSON_APPEND_DATE_TIME(&since, "$gte", query->since_ms);
        bson_append_document_end(filter, &since);
    }
    query->page.list = "unknown_items";
    query->page.sort_field = "created_at";
    query->page.unique_field = "unknown_item_id";
    query->page.direction = -1;
    query->page.tells_since = true;
    return sv_page_run(store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, &query->page, sv_find_write_row, NULL, w,
                       error->arena, error);
}
