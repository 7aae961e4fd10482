#include "core/verify/verify.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/store/document.h"
#include "core/sync/query.h"
#include "core/sync/record_clock.h"
#include "core/sync/rules.h"
#include "core/sync/what_counts.h"
#include "core/totals/item_look.h"

enum {
    SV_VERIFY_ATTEMPTS = 5, /* until what the session has of the item was seen */
    SV_VERIFY_IDS = 100     /* records of one session, item and lot, each given up for another but the last */
};

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    const sv_verify_request_t *request;
    sv_arena_t *arena;
    const char *session_id;
    json_t *body;          /* as sent, with the aliases under their own names */
    bool alias;            /* damage_qty came as damaged_qty, and is told by that name */
    bool made_id;          /* the record's id is not the caller's */
    bool made_time;        /* nor is what orders its edits */
    sv_text_list_t beside; /* figures of this session that make room */
} sv_verify_work_t;

/* ---- the request */

static void
sv_json_drop(void *value)
{
    json_decref(value);
}

static bool
sv_verify_names(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);

    return value != NULL && !json_is_null(value) && !(json_is_string(value) && json_string_length(value) == 0);
}

/* What only this request has: names of the original, and members that the path or the request itself decides. */
static bool
sv_verify_read_body(sv_verify_work_t *work, sv_error_t *error)
{
    sv_json_fields_t fields = { work->request->body, "", error };
    const json_t *alias = json_object_get(fields.object, "damaged_qty");
    const char *code = NULL;
    bool partial = false, verified = true;

    work->body = json_copy((json_t *) fields.object);
    sv_arena_on_destroy(work->arena, sv_json_drop, work->body);
    if (sv_verify_names(fields.object, "damaged_qty")) {
        if (!sv_verify_names(fields.object, "damage_qty")) {
            json_object_set(work->body, "damage_qty", (json_t *) alias);
            work->alias = true;
        } else if (!json_equal(alias, json_object_get(fields.object, "damage_qty"))) {
            sv_fail_field(error, "damaged_qty", "not_allowed", "damaged_qty is another name of damage_qty: send one");
        }
        json_object_del(work->body, "damaged_qty");
    }
    if (sv_json_get_bool(&fields, "verified", SV_OPTIONAL, &verified) && !verified) {
        sv_fail_field(error, "verified", "not_allowed", "only a record whose status is void takes a verification back");
    }
    if (sv_json_get_identifier(&fields, "item_code", SV_OPTIONAL, 128, &code) &&
        strcmp(code, work->request->item_code) != 0) {
        sv_fail_field(error, "item_code", "not_allowed", "the path names another item");
    }
    if (sv_json_get_bool(&fields, "partial", SV_OPTIONAL, &partial) && partial) {
        sv_fail_field(error, "partial", "not_allowed", "a verification sets the figure; parts are for batches");
    }
    sv_json_get_identifier(&fields, "session_id", SV_OPTIONAL, SV_SESSION_ID_MAX, &work->session_id);
    work->made_id = !sv_verify_names(work->body, "client_record_id");
    work->made_time = !sv_verify_names(work->body, "updated_at") && !sv_verify_names(work->body, "revision");
    return error->status == SV_OK;
}

/* The only floor session the caller has under way. */
static sv_status_t
sv_verify_find_session(sv_verify_work_t *work, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("user_id", BCON_UTF8(work->who->user_id), "status", "{", "$in", "[", BCON_UTF8("active"),
                             BCON_UTF8("paused"), "]", "}", "superseded", BCON_BOOL(false)),
                    work->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "}", "limit", BCON_INT64(2)), work->arena);
    mongoc_cursor_t *cursor;
    const bson_t *session;
    size_t count = 0;

    if (work->session_id != NULL) {
        return SV_OK;
    }
    if (sv_store_find(work->store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &session)) {
        work->session_id = sv_doc_text(session, "session_id", work->arena);
        count++;
    }
    sv_store_cursor_end(work->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status == SV_OK && count != 1 ? sv_fail(error, SV_ERR_SESSION_REQUIRED, NULL) : error->status;
}

/* ---- the record */

static const char *
sv_verify_text_of(const json_t *body, const char *name)
{
    const char *text = json_string_value(json_object_get(body, name));

    return text != NULL ? text : "";
}

/* The n-th record of this user's session, item and lot. */
static const char *
sv_verify_make_id(const sv_verify_work_t *work, int n)
{
    const char *content =
        sv_arena_printf(work->arena, "%s\x02%s\x02%s\x02%s\x02%d", work->who->user_id, work->session_id,
                        work->request->item_code, sv_verify_text_of(work->body, "lot"), n);
    char digest[SV_SHA256_HEX_SIZE];

    sv_sha256_hex(content, strlen(content), digest);
    return sv_arena_printf(work->arena, "verify-%.32s", digest);
}

static sv_status_t
sv_verify_read_record(sv_verify_work_t *work, const char *id, const bson_t **stored, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("client_record_id", BCON_UTF8(id)), work->arena);

    return sv_store_find_one(work->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, work->arena, stored, error);
}

/* No edit brings back a figure that was given up for another. */
static bool
sv_verify_is_given_up(const bson_t *stored, sv_arena_t *arena)
{
    const char *standing = sv_doc_text(stored, "standing", arena);

    return standing != NULL && (strcmp(standing, sv_standing_names[SV_STANDING_REPLACED]) == 0 ||
                                strcmp(standing, sv_standing_names[SV_STANDING_DECIDED_AGAINST]) == 0);
}

/* The id of the record that is made or edited, and what is stored under it. */
static sv_status_t
sv_verify_find_record(sv_verify_work_t *work, const char **id, const bson_t **stored, sv_error_t *error)
{
    *stored = NULL;
    if (!work->made_id) {
        *id = NULL;
        return SV_OK;
    }
    for (int n = 0; n < SV_VERIFY_IDS; n++) {
        *id = sv_verify_make_id(work, n);
        if (sv_verify_read_record(work, *id, stored, error) != SV_OK || *stored == NULL ||
            !sv_verify_is_given_up(*stored, work->arena)) {
            return error->status;
        }
    }
    return SV_OK;
}

static void
sv_json_set_time(json_t *object, const char *name, int64_t ms)
{
    char text[SV_TIME_TEXT_SIZE];

    sv_time_format(ms, text);
    json_object_set_new(object, name, json_string(text));
}

/* The caller's own replaces, and the figures of this session. */
static void
sv_verify_put_replaces(const sv_verify_work_t *work, json_t *record)
{
    json_t *sent = json_object_get(work->body, "replaces"), *all;

    if (work->beside.count == 0 || (sent != NULL && !json_is_null(sent) && !json_is_array(sent))) {
        return;
    }
    all = json_array();
    if (json_is_array(sent)) {
        json_array_extend(all, sent);
    }
    for (size_t i = 0; i < work->beside.count; i++) {
        json_array_append_new(all, json_string(work->beside.items[i]));
    }
    json_object_set_new(record, "replaces", all);
}

/* A version newer than the stored one, by the database's clock where that says so. */
static int64_t
sv_verify_order(int64_t now_ms, const bson_t *stored)
{
    int64_t order = stored != NULL ? sv_doc_int(stored, "order") : 0;

    if (stored == NULL || order < now_ms || sv_stored_order_is_suspect(stored)) {
        return now_ms;
    }
    return order < INT64_MAX ? order + 1 : order; /* a phone's revision, which nothing is newer than */
}

static sv_status_t
sv_verify_make_batch(sv_verify_work_t *work, sv_sync_batch_t *batch, sv_error_t *error)
{
    json_t *body, *record;
    const bson_t *stored;
    const char *id;
    int64_t now_ms;

    if (sv_store_now(work->store, &now_ms, error) != SV_OK ||
        sv_verify_find_record(work, &id, &stored, error) != SV_OK) {
        return error->status;
    }
    record = json_copy(work->body);
    body = json_pack("{s:[o]}", SV_BATCH_RECORDS, record);
    sv_arena_on_destroy(work->arena, sv_json_drop, body);
    json_object_set_new(record, "session_id", json_string(work->session_id));
    json_object_set_new(record, "item_code", json_string(work->request->item_code));
    if (id != NULL) {
        json_object_set_new(record, "client_record_id", json_string(id));
    }
    if (!sv_verify_names(record, "status")) {
        json_object_set_new(record, "status", json_string(sv_record_statuses[SV_RECORD_FINALIZED]));
    }
    if (!sv_verify_names(record, "updated_at")) {
        sv_json_set_time(record, "updated_at", sv_verify_order(now_ms, stored));
    }
    if (!sv_verify_names(record, "created_at")) {
        sv_json_set_time(record, "created_at", stored != NULL ? sv_doc_time(stored, "created_at") : now_ms);
    }
    sv_verify_put_replaces(work, record);
    if (sv_sync_parse(body, work->store->settings, batch, error) != SV_OK) {
        return error->status;
    }
    batch->keeps_nothing = true;
    if (!batch->records[0].malformed) {
        sv_rules_check_reasons(&batch->records[0], work->arena);
    }
    return SV_OK;
}

/* ---- the verdict */

/* Live figures of this session beside the one in the way: all make room at once. */
static sv_status_t
sv_verify_find_beside(sv_verify_work_t *work, const bson_t *in_the_way, const char *own_id, sv_error_t *error)
{
    const char *lot_key = sv_doc_text(in_the_way, "lot_key", work->arena);
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "client_record_id", BCON_INT32(1), "}", "limit",
                                           BCON_INT64(SV_RECORD_MAX_REPLACES)),
                                  work->arena);
    mongoc_cursor_t *cursor;
    const bson_t *record;

    BCON_APPEND(filter, "session_id", BCON_UTF8(work->session_id), "item_code", BCON_UTF8(work->request->item_code),
                "standing", "{", "$in", "[", BCON_UTF8(sv_standing_names[SV_STANDING_COUNTS]),
                BCON_UTF8(sv_standing_names[SV_STANDING_EARLIER_ROUND]), BCON_NULL, "]", "}", "client_record_id", "{",
                "$ne", BCON_UTF8(own_id), "}");
    if (lot_key != NULL) {
        BSON_APPEND_UTF8(filter, "lot_key", lot_key);
    }
    work->beside.items = sv_arena_alloc(work->arena, SV_RECORD_MAX_REPLACES * sizeof(*work->beside.items));
    work->beside.count = 0;
    if (sv_store_find(work->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (work->beside.count < SV_RECORD_MAX_REPLACES && mongoc_cursor_next(cursor, &record)) {
        work->beside.items[work->beside.count++] = sv_doc_text(record, "client_record_id", work->arena);
    }
    sv_store_cursor_end(work->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

/* Whether the verdict changes with what is known now: figures of this session that were not seen before make room, and
 * an edit that somebody made meanwhile is edited again. */
static bool
sv_verify_goes_on(sv_verify_work_t *work, const sv_verdict_t *verdict, sv_error_t *error)
{
    const char *session_id;
    size_t before = work->beside.count;

    if (verdict->kind != SV_VERDICT_CONFLICT) {
        return false;
    }
    if (verdict->type == SV_CONFLICT_STALE_UPDATE) {
        return work->made_id && work->made_time;
    }
    if (verdict->type != SV_CONFLICT_DUPLICATE_COUNT || verdict->server_record == NULL) {
        return false;
    }
    session_id = sv_doc_text(verdict->server_record, "session_id", work->arena);
    return session_id != NULL && strcmp(session_id, work->session_id) == 0 &&
           sv_verify_find_beside(work, verdict->server_record, verdict->record->client_record_id, error) == SV_OK &&
           work->beside.count > before;
}

static sv_status_t
sv_verify_refuse(const sv_verify_work_t *work, const sv_verdict_t *verdict, sv_verified_t *verified, sv_error_t *error)
{
    static const sv_status_t statuses[SV_CONFLICT_TYPE_COUNT] = {
        [SV_CONFLICT_LOCK_LOST] = SV_ERR_LOCK_LOST,
        [SV_CONFLICT_SESSION_CLOSED] = SV_ERR_SESSION_CLOSED,
        [SV_CONFLICT_DUPLICATE_SERIAL] = SV_ERR_DUPLICATE_SERIAL,
        [SV_CONFLICT_DUPLICATE_COUNT] = SV_ERR_DUPLICATE_COUNT,
        [SV_CONFLICT_STALE_UPDATE] = SV_ERR_STALE_UPDATE,
        [SV_CONFLICT_FOREIGN_RECORD] = SV_ERR_FOREIGN_RECORD,
    };
    const char *field = verdict->fault.field;

    if (verdict->kind == SV_VERDICT_CONFLICT) {
        verified->server_record = verdict->shown_record;
        error->holder = (sv_holder_t *) verdict->holder;
        return sv_fail(error, statuses[verdict->type], "%s", verdict->message);
    }
    if (strcmp(verdict->fault.code, "variance_unconfirmed") == 0) {
        sv_fail(error, SV_ERR_VARIANCE_UNCONFIRMED, NULL);
    }
    if (work->alias && strcmp(field, "damage_qty") == 0) {
        field = "damaged_qty";
    }
    return sv_fail_field(error, field, verdict->fault.code, "%s", verdict->fault.message);
}

static sv_status_t
sv_verify_store(sv_verify_work_t *work, sv_verified_t *verified, sv_error_t *error)
{
    const sv_verdict_t *verdict;
    sv_sync_batch_t batch;

    for (int attempt = 1;; attempt++) {
        if (sv_verify_make_batch(work, &batch, error) != SV_OK ||
            sv_sync_batch(work->store, work->who, &batch, &verified->result, error) != SV_OK) {
            return error->status;
        }
        verdict = &verified->result.verdicts[0];
        verified->session = verified->result.session_count > 0 ? &verified->result.sessions[0] : NULL;
        if (verdict->kind == SV_VERDICT_OK) {
            verified->client_record_id = verdict->record->client_record_id;
            return SV_OK;
        }
        if (attempt == SV_VERIFY_ATTEMPTS || !sv_verify_goes_on(work, verdict, error)) {
            return error->status == SV_OK ? sv_verify_refuse(work, verdict, verified, error) : error->status;
        }
    }
}

/* ---- the answer */

static sv_status_t
sv_verify_look(sv_verify_work_t *work, const bson_t *item, sv_verified_t *verified, sv_error_t *error)
{
    const sv_floor_session_t *facts = &verified->session->facts;
    bool is_staff = work->who->role < SV_ROLE_SUPERVISOR;

    if (sv_item_look(work->store, facts->count_id, item, work->arena, &verified->item, error) != SV_OK ||
        sv_item_stocks_load(work->store, &verified->item, 1, &verified->stocks, work->arena, error) != SV_OK ||
        sv_item_blind_for(work->store, is_staff, work->who->warehouse, facts->warehouse, &verified->blind, error) !=
            SV_OK) {
        return error->status;
    }
    verified->blind |= is_staff && facts->blind;
    return SV_OK;
}

sv_status_t
sv_verify(sv_store_t *store, const sv_principal_t *who, const sv_verify_request_t *request, sv_verified_t *verified,
          sv_error_t *error)
{
    sv_verify_work_t work = { .store = store, .who = who, .request = request, .arena = error->arena };
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(request->item_code)), error->arena);
    const bson_t *item;

    *verified = (sv_verified_t){ 0 };
    if (!sv_verify_read_body(&work, error) ||
        sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, filter, NULL, error->arena, &item, error) != SV_OK) {
        return error->status;
    }
    if (item == NULL) {
        return sv_fail(error, SV_ERR_ITEM_UNKNOWN, "There is no item %s", request->item_code);
    }
    if (sv_verify_find_session(&work, error) != SV_OK || sv_verify_store(&work, verified, error) != SV_OK) {
        return error->status;
    }
    return sv_verify_look(&work, item, verified, error);
}

void
sv_verified_write_json(sv_json_writer_t *w, const sv_verified_t *verified, sv_arena_t *arena)
{
    const sv_floor_session_t *facts = &verified->session->facts;
    const sv_item_view_t view = { .warehouse = facts->warehouse, .blind = verified->blind };

    sv_json_object(w, NULL);
    sv_item_write(w, verified->item, &verified->stocks, &view, arena);
    if (!verified->blind) {
        sv_json_text(w, "book", sv_doc_text(verified->item, "book", arena));
    }
    sv_json_text(w, "count_id", facts->count_id);
    sv_json_text(w, "session_id", facts->session_id);
    sv_json_text(w, "rack_id", facts->rack_id);
    sv_json_text(w, "client_record_id", verified->client_record_id);
    if (verified->blind) {
        sv_json_bool(w, "blind", true);
    }
    sv_json_end(w);
}
