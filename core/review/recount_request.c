#include "core/review/recount_request.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/counts/rack_touch.h"
#include "core/counts/touched.h"
#include "core/review/accept.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"

#include "core/store/transaction.h"

typedef struct {
    const sv_principal_t *who;
    const sv_recount_request_t *request;
    sv_recount_answer_t *answer;
    sv_arena_t *arena;
    sv_count_t count;
    sv_racks_facts_t racks; /* all that were claimed */
    sv_recount_asks_t asks;
    sv_text_map_t asked; /* items of which a rack is asked */
} sv_request_work_t;

/* ---- whole racks */

static void
sv_request_take_session(const bson_t *session, void *context)
{
    sv_request_work_t *work = context;
    const sv_rack_facts_t *rack = sv_rack_facts_of(&work->racks, sv_doc_text(session, "rack_id", work->arena));

    if (rack != NULL) {
        sv_recount_ask_item(&work->asks, rack, NULL, sv_doc_text(session, "user_id", work->arena));
    }
}

static sv_status_t
sv_request_racks(sv_store_t *store, sv_request_work_t *work, sv_error_t *error)
{
    const sv_recount_request_t *request = work->request;
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(request->count_id)), work->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "rack_id", BCON_INT32(1), "user_id", BCON_INT32(1), "}"), work->arena);

    for (size_t i = 0; i < request->rack_count; i++) {
        const sv_rack_facts_t *rack = sv_rack_facts_of(&work->racks, request->racks[i]);
        const char *field = sv_arena_printf(work->arena, "racks[%zu]", i);

        if (rack == NULL || sv_rack_facts_latest(rack) == 0) {
            sv_fail_field(error, field, "not_counted", "Rack %s was not counted in this count", request->racks[i]);
        } else if (rack->excluded) {
            sv_fail_field(error, field, "excluded", "Rack %s is excluded from this count", request->racks[i]);
        }
    }
    if (error->status != SV_OK) {
        return error->status;
    }
    sv_filter_in(filter, "rack_id", request->racks, request->rack_count);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, options, sv_request_take_session, work,
                         error);
}

/* ---- items */

/* A row that has item_code, rack_id and perhaps user_id: a figure, or what a rack expects. */
static void
sv_request_take_place(const bson_t *row, void *context)
{
    sv_request_work_t *work = context;
    const char *code = sv_doc_text(row, "item_code", work->arena);
    const sv_rack_facts_t *rack = sv_rack_facts_of(&work->racks, sv_doc_text(row, "rack_id", work->arena));

    if (code == NULL || rack == NULL || rack->excluded || sv_rack_facts_latest(rack) == 0) {
        return;
    }
    *sv_text_map_put(&work->asked, code) = work;
    sv_recount_ask_item(&work->asks, rack, code, sv_doc_text(row, "user_id", work->arena));
}

static sv_status_t
sv_request_items(sv_store_t *store, sv_request_work_t *work, sv_error_t *error)
{
    const sv_recount_request_t *request = work->request;
    bson_t *figures = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(request->count_id)), work->arena);
    bson_t *expected = sv_doc_take(BCON_NEW("deleted", "{", "$ne", BCON_BOOL(true), "}"), work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "rack_id", BCON_INT32(1),
                                           "user_id", BCON_INT32(1), "}"),
                                  work->arena);

    sv_text_map_init(&work->asked, work->arena, request->item_count);
    sv_filter_in(figures, "item_code", request->item_codes, request->item_count);
    sv_counting_filter(figures);
    sv_filter_in(expected, "item_code", request->item_codes, request->item_count);
    if (sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, figures, options, sv_request_take_place, work,
                      error) != SV_OK ||
        sv_store_each(store, SV_COLLECTION_RACK_ITEMS, expected, options, sv_request_take_place, work, error) !=
            SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < request->item_count; i++) {
        if (sv_text_map_get(&work->asked, request->item_codes[i]) == NULL) {
            sv_fail_field(error, sv_arena_printf(work->arena, "item_codes[%zu]", i), "not_counted",
                          "No rack that was counted has item %s", request->item_codes[i]);
        }
    }
    return error->status;
}

/* ---- no more */

static sv_status_t
sv_request_audit_withdrawal(sv_store_t *store, const sv_request_work_t *work, int64_t withdrawn, sv_error_t *error)
{
    bson_t *details = sv_doc_take(BCON_NEW("recounts", BCON_INT64(withdrawn)), work->arena);
    sv_audit_t entry = { .action = "recount.withdraw",
                         .count_id = work->request->count_id,
                         .warehouse = work->count.warehouse,
                         .details = details };

    return sv_audit_write(store, work->who, &entry, error);
}

static sv_status_t
sv_request_withdraw(sv_store_t *store, sv_request_work_t *work, sv_error_t *error)
{
    const sv_recount_request_t *request = work->request;
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(request->count_id), "state", BCON_UTF8("asked")), work->arena);
    bson_t *empty = sv_doc_copy(filter, work->arena);
    bson_t *update = sv_doc_new(work->arena), pull;
    int64_t withdrawn = 0;
    sv_status_t status;

    if (request->racks != NULL) {
        sv_filter_in(filter, "rack_id", request->racks, request->rack_count);
        status = sv_store_delete_many(store, SV_COLLECTION_RECOUNTS, filter, &withdrawn, error);
    } else {
        sv_filter_in(filter, "item_codes", request->item_codes, request->item_count);
        BSON_APPEND_DOCUMENT_BEGIN(update, "$pull", &pull);
        sv_filter_in(&pull, "item_codes", request->item_codes, request->item_count);
        bson_append_document_end(update, &pull);
        BCON_APPEND(empty, "item_codes", "{", "$size", BCON_INT32(0), "}");
        status = sv_store_update_many(store, SV_COLLECTION_RECOUNTS, filter, update, &withdrawn, error);
        if (status == SV_OK) {
            status = sv_store_delete_many(store, SV_COLLECTION_RECOUNTS, empty, NULL, error);
        }
    }
    return status == SV_OK ? sv_request_audit_withdrawal(store, work, withdrawn, error) : status;
}

/* ---- the whole */

/* The lines that are told otherwise now. */
static sv_status_t
sv_request_touch(sv_store_t *store, const sv_request_work_t *work, sv_error_t *error)
{
    const sv_recount_request_t *request = work->request;
    sv_status_t status = SV_OK;

    for (size_t i = 0; status == SV_OK && i < request->rack_count; i++) {
        status = sv_rack_touch(store, request->count_id, work->count.warehouse, request->racks[i], work->arena, error);
    }
    return status == SV_OK ? sv_touched_note(store, request->count_id, work->count.warehouse, request->item_codes,
                                             request->item_count, work->arena, error)
                           : status;
}

/* Changes the count, so that this and an approval at the same moment cannot both be (core/adjust/approve.h): whoever is
 * second sees the other. */
static sv_status_t
sv_request_hold_count(sv_store_t *store, const sv_request_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->request->count_id)), work->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$inc", "{", "derivations", BCON_INT64(1), "}"), work->arena);

    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

static sv_status_t
sv_request_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_request_work_t *work = context;
    const sv_recount_request_t *request = work->request;
    sv_status_t status;

    if (sv_review_count(store, request->count_id, false, work->arena, &work->count, error) != SV_OK ||
        sv_request_hold_count(store, work, error) != SV_OK ||
        sv_racks_facts_read_all(store, work->count.document, &work->racks, work->arena, error) != SV_OK) {
        return error->status;
    }
    sv_recount_asks_init(&work->asks, request->count_id, work->count.warehouse, request->different_user, work->arena);
    if (request->withdraw) {
        status = sv_request_withdraw(store, work, error);
    } else {
        status = request->racks != NULL ? sv_request_racks(store, work, error) : sv_request_items(store, work, error);
        if (status == SV_OK) {
            status = sv_recount_asks_write(store, work->who, &work->asks, error);
        }
    }
    work->answer->asks = work->asks.asks;
    work->answer->count = work->asks.count;
    return status == SV_OK ? sv_request_touch(store, work, error) : status;
}

sv_status_t
sv_recount_request(sv_store_t *store, const sv_principal_t *who, const sv_recount_request_t *request, sv_arena_t *arena,
                   sv_recount_answer_t *answer, sv_error_t *error)
{
    sv_request_work_t work = { .who = who, .request = request, .answer = answer, .arena = arena };

    return sv_transaction_run_past_duplicates(store, sv_request_body, &work, error);
}

/* ---- telling */

typedef struct {
    sv_json_writer_t *w;
    sv_arena_t *arena;
} sv_recounts_writer_t;

static void
sv_write_array(sv_json_writer_t *w, const bson_t *document, const char *name, sv_arena_t *arena)
{
    const bson_t *array = sv_doc_has(document, name) ? sv_doc_child(document, name, arena) : NULL;
    bson_iter_t iter;

    if (array == NULL || !bson_iter_init(&iter, array)) {
        sv_json_null(w, name);
        return;
    }
    sv_json_array(w, name);
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            sv_json_text(w, NULL, bson_iter_utf8(&iter, NULL));
        }
    }
    sv_json_end(w);
}

static void
sv_write_recount(const bson_t *row, void *context)
{
    const sv_recounts_writer_t *writer = context;
    sv_json_writer_t *w = writer->w;

    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", sv_doc_text(row, "rack_id", writer->arena));
    sv_json_int(w, "round", sv_doc_int(row, "round"));
    sv_json_text(w, "state", sv_doc_text(row, "state", writer->arena));
    sv_write_array(w, row, "item_codes", writer->arena);
    sv_json_bool(w, "different_user", sv_doc_bool(row, "different_user"));
    sv_json_text(w, "asked_by", sv_doc_text(row, "asked_by", writer->arena));
    sv_json_time(w, "asked_at", sv_doc_time(row, "asked_at"));
    sv_json_text(w, "session_id", sv_doc_text(row, "session_id", writer->arena));
    sv_json_time(w, "taken_at", sv_doc_time(row, "taken_at"));
    sv_json_time(w, "done_at", sv_doc_time(row, "done_at"));
    sv_json_end(w);
}

sv_status_t
sv_recounts_write(sv_store_t *store, const char *count_id, const char *name, sv_json_writer_t *w, sv_arena_t *arena,
                  sv_error_t *error)
{
    sv_recounts_writer_t writer = { .w = w, .arena = arena };
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "rack_id", BCON_INT32(1), "round", BCON_INT32(-1), "}"), arena);
    sv_status_t status;

    sv_json_array(w, name);
    status = sv_store_each(store, SV_COLLECTION_RECOUNTS, filter, options, sv_write_recount, &writer, error);
    sv_json_end(w);
    return status;
}
