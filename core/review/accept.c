#include "core/review/accept.h"

#include <stdlib.h>
#include <string.h>

#include "core/audit/audit.h"
#include "core/base/text_map.h"
#include "core/counts/book.h"
#include "core/review/line_state.h"
#include "core/review/summary.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

sv_status_t
sv_review_count(sv_store_t *store, const char *count_id, bool any_state, sv_arena_t *arena, sv_count_t *count,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena);
    const bson_t *session = NULL;
    sv_status_t status = sv_count_find(store, count_id, arena, count, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        if (sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, arena, &session, error) !=
            SV_OK) {
            return error->status;
        }
        return session != NULL ? sv_fail(error, SV_ERR_WRONG_KIND, "%s is a floor session, not a count", count_id)
                               : sv_fail(error, SV_ERR_NOT_FOUND, "There is no count %s", count_id);
    }
    return status == SV_OK && !any_state && !sv_count_takes_records(count->status)
               ? sv_fail(error, SV_ERR_SESSION_CLOSED, NULL)
               : status;
}

typedef struct {
    const sv_principal_t *who;
    sv_accept_t *accept;
    sv_arena_t *arena; /* of one run of the transaction */
    sv_count_t count;
    const char **codes; /* of the lines, sorted, each once */
    size_t code_count;
    sv_text_map_t stored;   /* code and lot -> the line's document */
    sv_text_map_t resolved; /* codes of which the user resolved a conflict */
    int64_t by_state[SV_LINE_STATES], decided;
    int64_t limit; /* of a line's value, whole; 0: none */
} sv_accept_work_t;

/* ---- what is not derived yet */

static void
sv_accept_take_touched(const bson_t *touched, void *context)
{
    sv_text_map_t *codes = context;
    const bson_t *array = sv_doc_child(touched, "item_codes", codes->arena);
    bson_iter_t iter;

    if (array == NULL || !bson_iter_init(&iter, array)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            *sv_text_map_put(codes, sv_arena_strdup(codes->arena, bson_iter_utf8(&iter, NULL))) = codes;
        }
    }
}

static sv_status_t
sv_accept_derive(sv_store_t *store, sv_accept_work_t *work, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(work->accept->count_id), "failed_at", BCON_NULL), work->arena);
    const char **due = sv_arena_alloc(work->arena, (work->code_count + 1) * sizeof(due[0]));
    sv_text_map_t touched;
    size_t count = 0;

    sv_text_map_init(&touched, work->arena, 64);
    if (sv_store_each(store, SV_COLLECTION_TOUCHED_ITEMS, filter, NULL, sv_accept_take_touched, &touched, error) !=
        SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < work->code_count; i++) {
        if (sv_text_map_get(&touched, work->codes[i]) != NULL) {
            due[count++] = work->codes[i];
        }
    }
    return count == 0 ? SV_OK
                      : sv_totals_derive_count(store, work->accept->count_id, due, count, NULL, work->arena, error);
}

/* ---- reading */

static const char *
sv_accept_key(const char *item_code, const char *lot, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s\x02%s", item_code, lot != NULL ? lot : "");
}

static void
sv_accept_take_line(const bson_t *row, void *context)
{
    sv_accept_work_t *work = context;
    const char *code = sv_doc_text(row, "item_code", work->arena);

    if (code != NULL) {
        *sv_text_map_put(&work->stored, sv_accept_key(code, sv_doc_text(row, "lot", work->arena), work->arena)) =
            sv_doc_copy(row, work->arena);
    }
}

static void
sv_accept_take_resolved(const bson_t *row, void *context)
{
    sv_accept_work_t *work = context;
    const char *code = sv_doc_text(row, "item_code", work->arena);

    if (code != NULL) {
        *sv_text_map_put(&work->resolved, code) = work;
    }
}

static sv_status_t
sv_accept_read(sv_store_t *store, sv_accept_work_t *work, sv_error_t *error)
{
    bson_t *lines = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->accept->count_id)), work->arena);
    bson_t *conflicts = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(work->accept->count_id), "status",
                                             BCON_UTF8("resolved"), "resolved_by", BCON_UTF8(work->who->user_id)),
                                    work->arena);

    sv_text_map_init(&work->stored, work->arena, work->accept->count);
    sv_text_map_init(&work->resolved, work->arena, 64);
    sv_filter_in(lines, "item_code", work->codes, work->code_count);
    sv_filter_in(conflicts, "item_code", work->codes, work->code_count);
    if (sv_review_count(store, work->accept->count_id, false, work->arena, &work->count, error) != SV_OK ||
        sv_store_each(store, SV_COLLECTION_SESSION_BOOK, lines, NULL, sv_accept_take_line, work, error) != SV_OK) {
        return error->status;
    }
    return sv_store_each(store, SV_COLLECTION_SYNC_CONFLICTS, conflicts, NULL, sv_accept_take_resolved, work, error);
}

/* ---- deciding */

static bool
sv_accept_is_own(const sv_accept_work_t *work, const bson_t *line, const char *item_code)
{
    const bson_t *users = sv_doc_child(line, "counted_by", work->arena);
    bson_iter_t iter;

    if (sv_text_map_get(&work->resolved, item_code) != NULL) {
        return true;
    }
    if (users == NULL || !bson_iter_init(&iter, users)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), work->who->user_id) == 0) {
            return true;
        }
    }
    return false;
}

static sv_line_facts_t
sv_accept_facts(const bson_t *line, sv_arena_t *arena)
{
    return (sv_line_facts_t){ .state = sv_line_state_named(sv_doc_text(line, "state", arena)),
                              .flags =
                                  sv_doc_bool(line, "counted.unknown") ? SV_LINE_FLAG_BIT(SV_LINE_FLAG_UNKNOWN) : 0,
                              .has_conflict = sv_doc_int(line, "conflicts") > 0 };
}

/* A variance of what has no cost, by what the books know, is past every limit. */
static bool
sv_accept_is_over_limit(const sv_accept_work_t *work, const bson_t *line)
{
    sv_quantity_t unit_cost;

    if (work->limit == 0 || sv_doc_quantity(line, "variance") == 0) {
        return false;
    }
    return !sv_book_cost(line, &unit_cost) || sv_doc_quantity(line, "gross_value") > work->limit * SV_QUANTITY_ONE;
}

static sv_status_t
sv_accept_judge(const sv_accept_work_t *work, const sv_accept_line_t *asked, const bson_t *line)
{
    sv_line_facts_t facts;

    if (line == NULL) {
        return SV_ERR_NOT_FOUND;
    }
    if (sv_doc_int(line, "version") != asked->version) {
        return SV_ERR_LINE_CHANGED;
    }
    facts = sv_accept_facts(line, work->arena);
    if (facts.state == SV_LINE_ACCEPTED) {
        return SV_OK;
    }
    if (!sv_line_may_be_accepted(&facts)) {
        return SV_ERR_LINE_UNDECIDED;
    }
    if (sv_accept_is_own(work, line, asked->item_code)) {
        return SV_ERR_OWN_COUNT;
    }
    return sv_accept_is_over_limit(work, line) ? SV_ERR_OVER_LIMIT : SV_OK;
}

static sv_status_t
sv_accept_write_line(sv_bulk_t *bulk, sv_accept_work_t *work, const sv_accept_line_t *asked, int64_t now_ms,
                     sv_error_t *error)
{
    bson_t *filter = sv_book_line_filter(work->accept->count_id, asked->item_code, asked->lot, work->arena);
    bson_t *update = sv_doc_new(work->arena), set, accepted;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_DOCUMENT_BEGIN(&set, "accepted", &accepted);
    BSON_APPEND_INT64(&accepted, "version", asked->version);
    BSON_APPEND_UTF8(&accepted, "by", work->who->user_id);
    sv_doc_put_time(&accepted, "at", now_ms);
    sv_doc_put_text(&accepted, "note", work->accept->note);
    bson_append_document_end(&set, &accepted);
    BSON_APPEND_UTF8(&set, "state", sv_line_states[SV_LINE_ACCEPTED]);
    BSON_APPEND_BOOL(&set, "undecided", false);
    bson_append_document_end(update, &set);
    return sv_bulk_update(bulk, filter, update, false, error);
}

/* Judges every line, and writes those that are accepted now; *changed: how many. */
static sv_status_t
sv_accept_lines(sv_store_t *store, sv_accept_work_t *work, int64_t *changed, sv_error_t *error)
{
    sv_bulk_result_t result;
    sv_bulk_t bulk;
    int64_t now_ms = 0;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    sv_bulk_begin(&bulk, store, SV_COLLECTION_SESSION_BOOK, work->arena);
    for (size_t i = 0; status == SV_OK && i < work->accept->count; i++) {
        sv_accept_line_t *asked = &work->accept->lines[i];
        const bson_t *line = sv_text_map_get(&work->stored, sv_accept_key(asked->item_code, asked->lot, work->arena));
        sv_line_state_t state = sv_line_state_named(line != NULL ? sv_doc_text(line, "state", work->arena) : NULL);

        asked->result = sv_accept_judge(work, asked, line);
        asked->version_now = line != NULL ? sv_doc_int(line, "version") : -1;
        asked->state = asked->result == SV_OK   ? sv_line_states[SV_LINE_ACCEPTED]
                       : state < SV_LINE_STATES ? sv_line_states[state]
                                                : NULL;
        if (asked->result == SV_OK && state != SV_LINE_ACCEPTED) {
            work->by_state[state]++;
            work->decided += sv_doc_bool(line, "undecided");
            (*changed)++;
            status = sv_accept_write_line(&bulk, work, asked, now_ms, error);
        }
    }
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    return sv_bulk_run(&bulk, work->arena, &result, error);
}

static sv_status_t
sv_accept_write_count(sv_store_t *store, sv_accept_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->accept->count_id)), work->arena);
    bson_t *update = sv_doc_new(work->arena), set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_review_put_accepted(work->count.document, work->by_state, work->decided, &set, work->arena);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

static sv_status_t
sv_accept_audit(sv_store_t *store, const sv_accept_work_t *work, sv_error_t *error)
{
    bson_t *details = sv_doc_new(work->arena), array, row;
    sv_audit_t entry = { .action = "review.accept",
                         .count_id = work->accept->count_id,
                         .warehouse = work->count.warehouse,
                         .details = details };
    char digits[16];
    const char *key;
    uint32_t n = 0;

    sv_doc_put_text(details, "note", work->accept->note);
    BSON_APPEND_ARRAY_BEGIN(details, "lines", &array);
    for (size_t i = 0; i < work->accept->count; i++) {
        const sv_accept_line_t *line = &work->accept->lines[i];

        if (line->result == SV_OK) {
            bson_uint32_to_string(n++, &key, digits, sizeof(digits));
            BSON_APPEND_DOCUMENT_BEGIN(&array, key, &row);
            BSON_APPEND_UTF8(&row, "item_code", line->item_code);
            BSON_APPEND_UTF8(&row, "lot", line->lot);
            BSON_APPEND_INT64(&row, "version", line->version);
            bson_append_document_end(&array, &row);
        }
    }
    bson_append_array_end(details, &array);
    return sv_audit_write(store, work->who, &entry, error);
}

static sv_status_t
sv_accept_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_accept_work_t *work = context;
    int64_t changed = 0;

    memset(work->by_state, 0, sizeof(work->by_state));
    work->decided = 0;
    if (sv_review_count(store, work->accept->count_id, false, work->arena, &work->count, error) != SV_OK) {
        return error->status;
    }
    work->accept->warehouse = work->count.warehouse;
    if (sv_accept_derive(store, work, error) != SV_OK || sv_accept_read(store, work, error) != SV_OK ||
        sv_accept_lines(store, work, &changed, error) != SV_OK) {
        return error->status;
    }
    if (changed == 0) {
        return SV_OK;
    }
    return sv_accept_write_count(store, work, error) == SV_OK ? sv_accept_audit(store, work, error) : error->status;
}

static int
sv_compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

sv_status_t
sv_review_accept(sv_store_t *store, const sv_principal_t *who, sv_accept_t *accept, sv_arena_t *arena,
                 sv_error_t *error)
{
    sv_accept_work_t work = { .who = who, .accept = accept, .arena = arena };

    work.limit = who->role < SV_ROLE_ADMIN ? store->settings->approval_limit_value : 0;
    work.codes = sv_arena_alloc(arena, (accept->count + 1) * sizeof(work.codes[0]));
    for (size_t i = 0; i < accept->count; i++) {
        work.codes[i] = accept->lines[i].item_code;
    }
    qsort(work.codes, accept->count, sizeof(work.codes[0]), sv_compare_codes);
    for (size_t i = 0; i < accept->count; i++) {
        if (work.code_count == 0 || strcmp(work.codes[work.code_count - 1], work.codes[i]) != 0) {
            work.codes[work.code_count++] = work.codes[i];
        }
    }
    return sv_transaction_run_past_duplicates(store, sv_accept_body, &work, error);
}
