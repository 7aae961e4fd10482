#include "core/adjust/posting.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/base/text_map.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"

enum {
    SV_POSTING_SETS = 100,
    SV_POSTING_SPAN = 1000,
    SV_POSTING_CANDIDATES = 100 /* read at once at least: most of them may have to wait */
};

sv_status_t
sv_posting_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "posting"), error->arena);
    const bson_t *head = NULL;

    sv_store_find_one(store, SV_COLLECTION_ADJUSTMENTS, filter, NULL, error->arena, &head, error);
    *due = head != NULL;
    return error->status;
}

sv_status_t
sv_posting_note_fault(sv_store_t *store, const char *fault, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "posting"), error->arena), *update;

    if (fault != NULL) {
        BCON_APPEND(filter, "error", "{", "$ne", BCON_UTF8(fault), "}");
        update = sv_doc_take(BCON_NEW("$set", "{", "error", BCON_UTF8(fault), "}"), error->arena);
    } else {
        BCON_APPEND(filter, "error", "{", "$ne", BCON_NULL, "}");
        update = sv_doc_take(BCON_NEW("$unset", "{", "error", "", "}"), error->arena);
    }
    return sv_store_update_many(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, error);
}

/* ---- reading lines */

static const char *
sv_spelling(const bson_t *row, const char *erp, const char *own, sv_arena_t *arena)
{
    const char *text = sv_doc_text(row, erp, arena);

    text = text != NULL ? text : sv_doc_text(row, own, arena);
    return text != NULL ? text : "";
}

static void
sv_line_read(const bson_t *row, sv_arena_t *arena, sv_posting_line_t *line)
{
    *line = (sv_posting_line_t){ .n = sv_doc_int(row, "n"),
                                 .item_code = sv_spelling(row, "erp_code", "item_code", arena),
                                 .warehouse = sv_spelling(row, "erp_warehouse", "warehouse", arena),
                                 .lot = sv_spelling(row, "erp_lot", "lot", arena),
                                 .uom = sv_doc_text(row, "uom", arena),
                                 .delta = sv_doc_quantity(row, "delta"),
                                 .has_cost = sv_doc_has(row, "unit_cost"),
                                 .unit_cost = sv_doc_quantity(row, "unit_cost"),
                                 .counted_at_ms = sv_doc_time(row, "counted_at"),
                                 .attempts = sv_doc_int(row, "posting.attempts"),
                                 .outcome = SV_POSTING_STAYS_SENT };
}

/* Options of a query for the first `limit` lines. */
static bson_t *
sv_first_lines(size_t limit, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("sort", "{", "n", BCON_INT32(1), "}", "limit", BCON_INT64((int64_t) limit)), arena);
}

static sv_status_t
sv_chunk_read(sv_store_t *store, const bson_t *filter, sv_posting_chunk_t *chunk, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *options = sv_first_lines(chunk->most, arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    chunk->lines = sv_arena_alloc(arena, chunk->most * sizeof(chunk->lines[0]));
    chunk->count = 0;
    if (sv_store_find(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (chunk->count < chunk->most && mongoc_cursor_next(cursor, &row)) {
        sv_line_read(sv_doc_copy(row, arena), arena, &chunk->lines[chunk->count++]);
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

/* ---- which may be sent now */

typedef struct {
    sv_arena_t *arena;
    size_t most; /* read at once */
    const bson_t **rows;
    const char **codes;
    size_t count;
    sv_text_map_t blocked; /* "item\x02lot" of lines that earlier adjustments still have */
} sv_candidates_t;

static const char *
sv_item_key(const bson_t *row, sv_arena_t *arena)
{
    const char *code = sv_doc_text(row, "item_code", arena), *lot = sv_doc_text(row, "lot", arena);

    return sv_arena_printf(arena, "%s\x02%s", code != NULL ? code : "", lot != NULL ? lot : "");
}

static void
sv_candidates_block(const bson_t *row, void *context)
{
    sv_candidates_t *candidates = context;

    *sv_text_map_put(&candidates->blocked, sv_item_key(row, candidates->arena)) = candidates;
}

/* Pending lines whose pause is over, of numbers behind *behind and up to `last`; *behind is then the last of them.
 * Which pause, is looked at here, and numbers have an end: the development server reads all that a query may find,
 * whatever its limit is. */
static sv_status_t
sv_candidates_read(sv_store_t *store, const sv_adjustment_t *adjustment, int64_t *behind, int64_t last, int64_t now_ms,
                   sv_candidates_t *candidates, sv_error_t *error)
{
    sv_arena_t *arena = candidates->arena;
    bson_t *filter =
        sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment->adjustment_id), "posting.state", "pending", "n",
                             "{", "$gt", BCON_INT64(*behind), "$lte", BCON_INT64(last), "}"),
                    arena);
    bson_t *options = sv_first_lines(candidates->most, arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    size_t read = 0;

    candidates->rows = sv_arena_alloc(arena, candidates->most * sizeof(candidates->rows[0]));
    candidates->codes = sv_arena_alloc(arena, candidates->most * sizeof(candidates->codes[0]));
    candidates->count = 0;
    if (sv_store_find(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    for (; read < candidates->most && mongoc_cursor_next(cursor, &row); read++) {
        *behind = sv_doc_int(row, "n");
        if (sv_doc_time(row, "posting.not_before") <= now_ms) {
            candidates->rows[candidates->count] = sv_doc_copy(row, arena);
            candidates->codes[candidates->count++] = sv_doc_text(row, "item_code", arena);
        }
    }
    *behind = read < candidates->most ? last : *behind;
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

/* Earlier adjustments of the warehouse that are not through.  Lines without one are of an approval that came to
 * nothing, and bar no others. */
static sv_status_t
sv_candidates_read_earlier(sv_store_t *store, const sv_adjustment_t *adjustment, sv_row_texts_t *ids, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(adjustment->warehouse), "seq", "{", "$lt",
                                          BCON_INT64(adjustment->seq), "}", "status", "{", "$ne",
                                          BCON_UTF8(sv_adjustment_status_name(SV_ADJUSTMENT_POSTED)), "}"),
                                 ids->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "adjustment_id", BCON_INT32(1), "}"), ids->arena);

    return sv_store_each(store, SV_COLLECTION_ADJUSTMENTS, filter, options, sv_row_texts_take, ids, error);
}

static sv_status_t
sv_candidates_read_blocked(sv_store_t *store, const sv_adjustment_t *adjustment, sv_candidates_t *candidates,
                           sv_error_t *error)
{
    sv_row_texts_t earlier = { .field = "adjustment_id", .arena = candidates->arena };
    bson_t *filter = sv_doc_new(candidates->arena);

    sv_text_map_init(&candidates->blocked, candidates->arena, 0);
    if (sv_candidates_read_earlier(store, adjustment, &earlier, error) != SV_OK || earlier.count == 0) {
        return error->status;
    }
    sv_filter_in(filter, "adjustment_id", earlier.texts, earlier.count);
    sv_filter_in(filter, "item_code", candidates->codes, candidates->count);
    BCON_APPEND(filter, "posting.state", "{", "$in", "[", "pending", "sent", "refused", "]", "}");
    return sv_store_each(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, NULL, sv_candidates_block, candidates, error);
}

static void
sv_numbers_add(bson_t *numbers, uint32_t i, int64_t n)
{
    char digits[16];
    const char *key;

    bson_uint32_to_string(i, &key, digits, sizeof(digits));
    BSON_APPEND_INT64(numbers, key, n);
}

/* {adjustment_id, "posting.state": pending, n: {$in: those of the candidates that no earlier line bars}}; they are put
 * into the chunk. */
static bson_t *
sv_candidates_choose(const sv_adjustment_t *adjustment, const sv_candidates_t *candidates, sv_posting_chunk_t *chunk)
{
    sv_arena_t *arena = candidates->arena;
    bson_t *filter =
        sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment->adjustment_id), "posting.state", "pending"), arena);
    bson_t condition, numbers;

    chunk->lines = sv_arena_alloc(arena, chunk->most * sizeof(chunk->lines[0]));
    chunk->count = 0;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "n", &condition);
    BSON_APPEND_ARRAY_BEGIN(&condition, "$in", &numbers);
    for (size_t i = 0; i < candidates->count && chunk->count < chunk->most; i++) {
        sv_posting_line_t *line = &chunk->lines[chunk->count];

        if (sv_text_map_get(&candidates->blocked, sv_item_key(candidates->rows[i], arena)) == NULL) {
            sv_line_read(candidates->rows[i], arena, line);
            sv_numbers_add(&numbers, (uint32_t) chunk->count++, line->n);
        }
    }
    bson_append_array_end(&condition, &numbers);
    bson_append_document_end(filter, &condition);
    return filter;
}

/* Marks those that may be sent.  Where somebody else marked some meanwhile, the chunk is what has its own mark. */
static sv_status_t
sv_candidates_mark(sv_store_t *store, const sv_adjustment_t *adjustment, const sv_candidates_t *candidates,
                   sv_posting_chunk_t *chunk, sv_error_t *error)
{
    sv_arena_t *arena = candidates->arena;
    bson_t *filter = sv_candidates_choose(adjustment, candidates, chunk), *mine;
    bson_t *update =
        sv_doc_take(BCON_NEW("$set", "{", "posting.state", "sent", "posting.owner", BCON_UTF8(chunk->owner), "}",
                             "$currentDate", "{", "posting.sent_at", BCON_BOOL(true), "}"),
                    arena);
    int64_t marked = 0;

    if (chunk->count == 0 ||
        sv_store_update_many(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, update, &marked, error) != SV_OK ||
        marked == (int64_t) chunk->count) {
        return error->status;
    }
    mine = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment->adjustment_id), "posting.state", "sent",
                                "posting.owner", BCON_UTF8(chunk->owner)),
                       arena);
    return sv_chunk_read(store, mine, chunk, arena, error);
}

/* Pending lines of numbers behind `behind`, until some may be sent. */
static sv_status_t
sv_chunk_mark(sv_store_t *store, const sv_adjustment_t *adjustment, int64_t behind, sv_posting_chunk_t *chunk,
              sv_arena_t *arena, sv_error_t *error)
{
    sv_candidates_t candidates = { .arena = arena,
                                   .most = chunk->most > SV_POSTING_CANDIDATES ? chunk->most : SV_POSTING_CANDIDATES };
    int64_t lines = sv_doc_int(adjustment->document, "line_count"), now_ms = 0;

    if (sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    for (int64_t span = SV_POSTING_SPAN; error->status == SV_OK && chunk->count == 0 && behind < lines; span *= 2) {
        if (sv_candidates_read(store, adjustment, &behind, behind + span, now_ms, &candidates, error) == SV_OK &&
            candidates.count > 0 && sv_candidates_read_blocked(store, adjustment, &candidates, error) == SV_OK) {
            sv_candidates_mark(store, adjustment, &candidates, chunk, error);
        }
    }
    return error->status;
}

/* The number of its last line where it is of this adjustment; else 0. */
static int64_t
sv_chunk_last(const sv_posting_chunk_t *under_way, const char *adjustment_id)
{
    bool of_this = under_way != NULL && under_way->count > 0 && strcmp(under_way->adjustment_id, adjustment_id) == 0;

    return of_this ? under_way->lines[under_way->count - 1].n : 0;
}

/* ---- the next */

/* Ends an adjustment of which nothing is left to be sent. */
static sv_status_t
sv_posting_end(sv_store_t *store, const sv_adjustment_t *adjustment, sv_error_t *error)
{
    int64_t states[SV_POSTING_STATES] = { 0 };
    bson_t *filter, *update;
    const char *end;

    if (sv_adjustment_count_states(store, adjustment->adjustment_id, states, error) != SV_OK ||
        states[SV_POSTING_PENDING] > 0 || states[SV_POSTING_SENT] > 0) {
        return error->status;
    }
    end = sv_adjustment_status_name(states[SV_POSTING_REFUSED] > 0 ? SV_ADJUSTMENT_REFUSED : SV_ADJUSTMENT_POSTED);
    filter =
        sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment->adjustment_id), "status", "posting"), error->arena);
    update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8(end), "}", "$currentDate", "{", "posted_at",
                                  BCON_BOOL(true), "}", "$unset", "{", "error", "", "}"),
                         error->arena);
    return sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, error);
}

static sv_status_t
sv_posting_next_of(sv_store_t *store, const bson_t *head, const sv_posting_chunk_t *under_way,
                   sv_posting_chunk_t *chunk, sv_arena_t *arena, sv_error_t *error)
{
    const char *id = sv_doc_text(head, "adjustment_id", arena);
    sv_adjustment_t adjustment = { .adjustment_id = id,
                                   .warehouse = sv_doc_text(head, "warehouse", arena),
                                   .seq = sv_doc_int(head, "seq"),
                                   .document = head };
    bson_t *sent = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(id), "posting.state", "sent"), arena);
    int64_t last;

    chunk->adjustment_id = id;
    chunk->posted_by = sv_doc_text(head, "approved_by.full_name", arena);
    chunk->note = sv_doc_text(head, "note", arena);
    chunk->settles = true;
    if (under_way != NULL) {
        BCON_APPEND(sent, "posting.owner", "{", "$ne", BCON_UTF8(under_way->owner), "}");
    }
    if (sv_chunk_read(store, sent, chunk, arena, error) != SV_OK || chunk->count > 0) {
        return error->status;
    }
    chunk->settles = false;
    /* From where those on their way end; what had to wait before them comes once there is no more behind them. */
    last = sv_chunk_last(under_way, id);
    if (sv_chunk_mark(store, &adjustment, last, chunk, arena, error) == SV_OK && chunk->count == 0 && last > 0) {
        sv_chunk_mark(store, &adjustment, 0, chunk, arena, error);
    }
    if (error->status != SV_OK || chunk->count > 0) {
        return error->status;
    }
    return sv_posting_end(store, &adjustment, error);
}

sv_status_t
sv_posting_next(sv_store_t *store, const sv_posting_chunk_t *under_way, sv_posting_chunk_t *chunk, sv_arena_t *arena,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "posting"), arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", "approved_at", BCON_INT32(1), "}", "limit", BCON_INT64(SV_POSTING_SETS)), arena);
    const bson_t *heads[SV_POSTING_SETS];
    mongoc_cursor_t *cursor;
    const bson_t *row;
    size_t count = 0;
    char owner[SV_UUID_SIZE];

    chunk->count = 0;
    if (sv_store_find(store, SV_COLLECTION_ADJUSTMENTS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (count < SV_POSTING_SETS && mongoc_cursor_next(cursor, &row)) {
        heads[count++] = sv_doc_copy(row, arena);
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    for (size_t i = 0; error->status == SV_OK && chunk->count == 0 && i < count; i++) {
        sv_uuid_v4(owner);
        chunk->owner = sv_arena_strdup(arena, owner);
        sv_posting_next_of(store, heads[i], under_way, chunk, arena, error);
    }
    return error->status;
}

/* ---- what came of it */

static void
sv_note_put(const sv_posting_line_t *line, int64_t now_ms, bson_t *update)
{
    static const char *const states[] = { [SV_POSTING_IS_APPLIED] = "applied",
                                          [SV_POSTING_IS_REFUSED] = "refused",
                                          [SV_POSTING_GOES_AGAIN] = "pending",
                                          [SV_POSTING_STAYS_SENT] = "sent" };
    int64_t attempts = line->attempts + line->said_no, pause_ms = line->said_no ? sv_posting_pause_ms(attempts) : 0;
    bson_t set, unset;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "posting.state", states[line->outcome]);
    BSON_APPEND_INT64(&set, "posting.attempts", attempts);
    sv_doc_put_time(&set, "posting.at", now_ms);
    if (line->reason != NULL && line->outcome != SV_POSTING_IS_APPLIED) {
        BSON_APPEND_UTF8(&set, "posting.error", line->reason);
    }
    if (line->outcome == SV_POSTING_GOES_AGAIN && pause_ms > 0) {
        sv_doc_put_time(&set, "posting.not_before", now_ms + pause_ms);
    }
    bson_append_document_end(update, &set);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$unset", &unset);
    if (line->outcome == SV_POSTING_IS_APPLIED) {
        BCON_APPEND(&unset, "posting.error", "", "posting.not_before", "");
    } else if (line->outcome != SV_POSTING_STAYS_SENT) {
        BSON_APPEND_UTF8(&unset, "posting.sent_at", "");
    }
    BSON_APPEND_UTF8(&unset, "posting.owner", "");
    bson_append_document_end(update, &unset);
}

/* Lines of which the same came, and so nearly always all of them: one update. */
typedef struct {
    const bson_t *update;
    const sv_posting_line_t **lines;
    size_t count;
} sv_note_group_t;

static size_t
sv_note_group(const sv_posting_chunk_t *chunk, int64_t now_ms, sv_note_group_t *groups, sv_arena_t *arena)
{
    size_t count = 0;

    for (size_t i = 0; i < chunk->count; i++) {
        bson_t *update = sv_doc_new(arena);
        size_t at = 0;

        sv_note_put(&chunk->lines[i], now_ms, update);
        while (at < count && !bson_equal(groups[at].update, update)) {
            at++;
        }
        if (at == count) {
            groups[count++] =
                (sv_note_group_t){ .update = update,
                                   .lines = sv_arena_alloc(arena, chunk->count * sizeof(groups[at].lines[0])) };
        }
        groups[at].lines[groups[at].count++] = &chunk->lines[i];
    }
    return count;
}

static bson_t *
sv_note_filter(const sv_posting_chunk_t *chunk, const sv_note_group_t *group, sv_arena_t *arena)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(chunk->adjustment_id), "posting.state", "sent"), arena);
    bson_t condition, numbers;

    if (!chunk->settles) {
        BSON_APPEND_UTF8(filter, "posting.owner", chunk->owner);
    }
    BSON_APPEND_DOCUMENT_BEGIN(filter, "n", &condition);
    BSON_APPEND_ARRAY_BEGIN(&condition, "$in", &numbers);
    for (size_t i = 0; i < group->count; i++) {
        sv_numbers_add(&numbers, (uint32_t) i, group->lines[i]->n);
    }
    bson_append_array_end(&condition, &numbers);
    bson_append_document_end(filter, &condition);
    return filter;
}

sv_status_t
sv_posting_note(sv_store_t *store, const sv_posting_chunk_t *chunk, sv_arena_t *arena, sv_error_t *error)
{
    sv_note_group_t *groups = sv_arena_alloc(arena, chunk->count * sizeof(groups[0]));
    sv_bulk_result_t result;
    int64_t now_ms = 0;
    sv_bulk_t bulk;
    size_t count;

    if (sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    count = sv_note_group(chunk, now_ms, groups, arena);
    sv_bulk_begin(&bulk, store, SV_COLLECTION_ADJUSTMENT_LINES, arena);
    for (size_t i = 0; error->status == SV_OK && i < count; i++) {
        sv_bulk_update_many(&bulk, sv_note_filter(chunk, &groups[i], arena), groups[i].update, error);
    }
    if (error->status != SV_OK) {
        sv_bulk_discard(&bulk);
        return error->status;
    }
    return sv_bulk_run(&bulk, arena, &result, error);
}
