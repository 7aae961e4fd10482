#include "core/verify/variance_rows.h"

#include <string.h>

#include "core/counts/book.h"
#include "core/counts/count_state.h"
#include "core/review/line_state.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"
#include "core/sync/query.h"
#include "core/base/text_map.h"
#include "core/verify/variance_items.h"
#include "core/warehouse/warehouse.h"

enum { SV_VARIANCE_MS = 5000 };

/* Rows are described and given a chunk at a time, so that a count of any size takes little memory. */
typedef struct {
    sv_store_t *store;
    const sv_variance_query_t *query;
    sv_variance_take_t take;
    void *take_context;
    sv_arena_t *arena;
    sv_error_t *error;
    sv_arena_t *chunk; /* holds what the rows of the chunk say */
    sv_variance_row_t *rows;
    size_t row_count;
    const char *count_id, *warehouse, *currency; /* of the count being read */
    sv_text_map_t of_user;                       /* item codes of which a figure of the query's user counts */
    sv_text_map_t parts;                         /* item code and lot -> sv_variance_row_t, of a floor */
} sv_variance_work_t;

typedef void (*sv_variance_read_t)(sv_variance_work_t *work, const bson_t *document);

static sv_status_t
sv_variance_find(sv_variance_work_t *work, sv_collection_t collection, const bson_t *filter, bson_t *options,
                 sv_variance_read_t read)
{
    mongoc_cursor_t *cursor;
    const bson_t *document;

    BSON_APPEND_INT64(options, "maxTimeMS", SV_VARIANCE_MS);
    if (sv_store_find(work->store, collection, filter, options, &cursor, work->error) != SV_OK) {
        return work->error->status;
    }
    while (work->error->status == SV_OK && mongoc_cursor_next(cursor, &document)) {
        read(work, document);
    }
    if (work->error->status == SV_OK) {
        sv_store_cursor_end(work->store, cursor, work->error);
    }
    mongoc_cursor_destroy(cursor);
    return work->error->status;
}

/* ---- chunks */

static const char *
sv_variance_keep_text(const char *text, sv_arena_t *arena)
{
    return text != NULL ? sv_arena_strdup(arena, text) : NULL;
}

sv_variance_row_t
sv_variance_row_copy(const sv_variance_row_t *row, sv_arena_t *arena)
{
    sv_variance_row_t copy = *row;
    const char **const texts[] = { &copy.count_id, &copy.warehouse, &copy.currency,  &copy.item_code,
                                   &copy.lot,      &copy.item_name, &copy.category,  &copy.subcategory,
                                   &copy.uom,      &copy.book,      &copy.counted_by };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = sv_variance_keep_text(*texts[i], arena);
    }
    return copy;
}

/* Gives the chunk's rows, but for those of another category than is asked for. */
static void
sv_variance_give(sv_variance_work_t *work)
{
    const char *category = work->query->category;

    if (work->error->status == SV_OK && work->row_count > 0) {
        sv_variance_name_items(work->store, work->rows, work->row_count, category == NULL, work->chunk, work->error);
    }
    for (size_t i = 0; work->error->status == SV_OK && i < work->row_count; i++) {
        const sv_variance_row_t *row = &work->rows[i];

        if (category == NULL || (row->category != NULL && strcmp(row->category, category) == 0)) {
            work->take(row, work->take_context);
        }
    }
    work->row_count = 0;
}

/* Whatever the chunk's memory holds is copied by then. */
static void
sv_variance_next_chunk(sv_variance_work_t *work)
{
    sv_variance_give(work);
    sv_arena_destroy(work->chunk);
    work->chunk = sv_arena_create();
}

static void
sv_variance_add(sv_variance_work_t *work, const sv_variance_row_t *row)
{
    work->rows[work->row_count++] = *row;
    if (work->row_count == SV_VARIANCE_CHUNK) {
        sv_variance_next_chunk(work);
    }
}

/* ---- a count's own lines */

static void
sv_variance_compare(sv_variance_row_t *row)
{
    row->has_value = row->has_variance && row->has_cost && sv_quantity_mul(row->variance, row->unit_cost, &row->value);
}

/* A least of 0 asks for what is not known, and for zero, too. */
static bool
sv_variance_reaches(bool asked, sv_quantity_t least, bool known, sv_quantity_t quantity)
{
    return !asked || (known ? (quantity < 0 ? -quantity : quantity) >= least : least == 0);
}

/* Items without a variance are left out unless asked for; a line that may have one never is. */
static bool
sv_variance_is_asked(const sv_variance_query_t *query, const sv_variance_row_t *row)
{
    if (!query->has_min_qty && !query->has_min_value) {
        return !row->has_variance || row->variance != 0;
    }
    return sv_variance_reaches(query->has_min_qty, query->min_qty, row->has_variance, row->variance) &&
           sv_variance_reaches(query->has_min_value, query->min_value, row->has_value, row->value);
}

static void
sv_variance_take_line(sv_variance_work_t *work, const bson_t *line)
{
    const char *code = sv_doc_text(line, "item_code", work->chunk);
    sv_variance_row_t row = { .item_code = code };

    row.counted = sv_doc_has(line, "counted");
    row.has_book = sv_doc_has(line, "system_qty");
    row.system_qty = sv_doc_quantity(line, "system_qty");
    row.has_cost = sv_book_cost(line, &row.unit_cost);
    row.incomplete = sv_line_state_named(sv_doc_text(line, "state", work->chunk)) == SV_LINE_INCOMPLETE;
    row.has_variance = sv_doc_has(line, "variance");
    row.variance = sv_doc_quantity(line, "variance");
    sv_variance_compare(&row);
    if (code == NULL || !sv_variance_is_asked(work->query, &row) ||
        (work->query->user != NULL && sv_text_map_get(&work->of_user, code) == NULL)) {
        return;
    }
    row.count_id = work->count_id;
    row.warehouse = work->warehouse;
    row.currency = work->currency;
    row.lot = sv_doc_text(line, "lot", work->chunk);
    row.uom = sv_doc_text(line, "uom", work->chunk);
    row.book = sv_doc_text(line, "book", work->chunk);
    row.verified_qty = sv_doc_quantity(line, "counted.verified_qty");
    row.damage_qty = sv_doc_quantity(line, "counted.damage_qty");
    row.lost_qty = sv_doc_quantity(line, "counted.non_returnable_damaged_qty");
    row.compared_qty = sv_doc_quantity(line, "counted.compared_qty");
    row.unknown = sv_doc_bool(line, "counted.unknown");
    row.racks = sv_doc_int(line, "counted.racks");
    row.records = sv_doc_int(line, "counted.records");
    row.counted_at_ms = sv_doc_time(line, "counted.at");
    row.counted_by = sv_doc_text(line, "counted.last_user_id", work->chunk);
    sv_variance_add(work, &row);
}

static sv_status_t
sv_variance_read_lines(sv_variance_work_t *work)
{
    const sv_variance_query_t *query = work->query;
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->count_id)), work->arena);

    if (!query->has_min_qty && !query->has_min_value) {
        BCON_APPEND(filter, "variance", "{", "$nin", "[", BCON_INT64(0), "]", "}");
    } else if (query->min_qty > 0 || query->min_value > 0) {
        BCON_APPEND(filter, "variance", "{", "$nin", "[", BCON_INT64(0), BCON_NULL, "]", "}");
    }
    sv_filter_span(filter, "counted.at", query->from_ms, query->to_ms);
    return sv_variance_find(work, SV_COLLECTION_SESSION_BOOK, filter, sv_doc_new(work->arena), sv_variance_take_line);
}

/* ---- a floor that is a part of the count */

static void
sv_variance_sum(sv_quantity_t *sum, sv_quantity_t quantity)
{
    if (!sv_quantity_add(*sum, quantity, sum)) {
        *sum = INT64_MAX;
    }
}

static void
sv_variance_take_part(sv_variance_work_t *work, const bson_t *record)
{
    const char *code = sv_doc_text(record, "item_code", work->arena);
    const char *lot = sv_doc_text(record, "lot_key", work->arena);
    int64_t at_ms = sv_doc_time(record, "changed_at");
    void **place;
    sv_variance_row_t *row;

    if (code == NULL || (work->query->user != NULL && sv_text_map_get(&work->of_user, code) == NULL)) {
        return;
    }
    place = sv_text_map_put(&work->parts, sv_arena_printf(work->arena, "%s\x02%s", code, lot != NULL ? lot : ""));
    if (*place == NULL) {
        *place = sv_arena_zalloc(work->arena, sizeof(*row));
        row = *place;
        *row = (sv_variance_row_t){ .count_id = work->count_id,
                                    .warehouse = work->warehouse,
                                    .currency = work->currency,
                                    .item_code = code,
                                    .lot = lot,
                                    .book = "unknown",
                                    .is_part = true,
                                    .counted = true };
    }
    row = *place;
    sv_variance_sum(&row->verified_qty, sv_doc_quantity(record, "verified_qty"));
    sv_variance_sum(&row->damage_qty, sv_doc_quantity(record, "damage_qty"));
    sv_variance_sum(&row->lost_qty, sv_doc_quantity(record, "non_returnable_damaged_qty"));
    row->unknown |= sv_doc_bool(record, "unknown");
    row->records++;
    if (at_ms >= row->counted_at_ms) {
        row->counted_at_ms = at_ms;
        row->counted_by = sv_doc_text(record, "user_id", work->arena);
    }
}

static void
sv_variance_keep_part(sv_variance_work_t *work, const sv_variance_row_t *row)
{
    const sv_variance_query_t *query = work->query;

    if (sv_variance_is_asked(query, row) && (query->from_ms == 0 || row->counted_at_ms >= query->from_ms) &&
        (query->to_ms == 0 || row->counted_at_ms < query->to_ms)) {
        sv_variance_add(work, row);
    }
}

/* What was frozen is the book of the whole count: none of its parts is compared with it. */
static sv_status_t
sv_variance_read_parts(sv_variance_work_t *work)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(work->count_id)), work->arena);

    sv_text_map_init(&work->parts, work->arena, 0);
    sv_counting_filter(filter);
    BSON_APPEND_UTF8(filter, "floor", work->query->floor);
    if (sv_variance_find(work, SV_COLLECTION_VERIFICATION_RECORDS, filter, sv_doc_new(work->arena),
                         sv_variance_take_part) != SV_OK) {
        return work->error->status;
    }
    for (size_t i = 0; work->error->status == SV_OK && i < work->parts.capacity; i++) {
        if (work->parts.entries[i].key != NULL) {
            sv_variance_keep_part(work, work->parts.entries[i].value);
        }
    }
    return work->error->status;
}

/* ---- the counts */

static void
sv_variance_take_user(sv_variance_work_t *work, const bson_t *record)
{
    const char *code = sv_doc_text(record, "item_code", work->arena);

    if (code != NULL) {
        *sv_text_map_put(&work->of_user, code) = work;
    }
}

static sv_status_t
sv_variance_read_user(sv_variance_work_t *work)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(work->count_id)), work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), work->arena);

    sv_text_map_init(&work->of_user, work->arena, 0);
    if (work->query->user == NULL) {
        return SV_OK;
    }
    sv_counting_filter(filter);
    BSON_APPEND_UTF8(filter, "user_id", work->query->user);
    return sv_variance_find(work, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_variance_take_user);
}

static sv_status_t
sv_variance_read_count(sv_variance_work_t *work, const bson_t *count)
{
    const char *floor = sv_doc_text(count, "floor", work->arena);
    sv_warehouse_t warehouse;

    work->count_id = sv_doc_text(count, "session_id", work->arena);
    work->warehouse = sv_doc_text(count, "warehouse", work->arena);
    if (work->count_id == NULL || work->warehouse == NULL) {
        return SV_OK;
    }
    if (sv_warehouse_read(work->store, work->warehouse, work->arena, &warehouse, work->error) != SV_OK ||
        sv_variance_read_user(work) != SV_OK) {
        return work->error->status;
    }
    work->currency = warehouse.currency;
    if (work->query->floor == NULL || (floor != NULL && strcmp(floor, work->query->floor) == 0)) {
        return sv_variance_read_lines(work);
    }
    return floor == NULL ? sv_variance_read_parts(work) : SV_OK;
}

static bson_t *
sv_variance_counts_filter(const sv_variance_query_t *query, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    if (query->count_id != NULL) {
        BSON_APPEND_UTF8(filter, "session_id", query->count_id);
    }
    if (query->warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", query->warehouse);
    }
    if (query->user != NULL) {
        BSON_APPEND_UTF8(filter, "staff_user", query->user);
    }
    if (query->count_id == NULL && query->from_ms == 0 && query->to_ms == 0) {
        sv_count_filter_live(filter, "status");
    } else if (query->count_id == NULL && query->to_ms != 0) {
        BCON_APPEND(filter, "started_at", "{", "$lt", BCON_DATE_TIME(query->to_ms), "}");
    }
    return filter;
}

static sv_status_t
sv_variance_check_count(sv_variance_work_t *work)
{
    bson_t *filter, *projection;
    const bson_t *count;

    if (work->query->count_id == NULL) {
        return SV_OK;
    }
    filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->query->count_id)), work->arena);
    projection = sv_doc_take(BCON_NEW("session_id", BCON_INT32(1)), work->arena);
    if (sv_store_find_one(work->store, SV_COLLECTION_SESSIONS, filter, projection, work->arena, &count, work->error) ==
            SV_OK &&
        count == NULL) {
        return sv_fail(work->error, SV_ERR_NOT_FOUND, "There is no count %s", work->query->count_id);
    }
    return work->error->status;
}

static sv_status_t
sv_variance_read_counts(sv_variance_work_t *work)
{
    bson_t *filter = sv_variance_counts_filter(work->query, work->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "warehouse", BCON_INT32(1),
                                           "floor", BCON_INT32(1), "closed_at", BCON_INT32(1), "}", "sort", "{",
                                           "started_at", BCON_INT32(-1), "}"),
                                  work->arena);
    const bson_t *counts[SV_VARIANCE_COUNTS], *count;
    mongoc_cursor_t *cursor;
    size_t found = 0;

    if (sv_variance_check_count(work) != SV_OK ||
        sv_store_find(work->store, SV_COLLECTION_SESSIONS, filter, options, &cursor, work->error) != SV_OK) {
        return work->error->status;
    }
    while (work->error->status == SV_OK && mongoc_cursor_next(cursor, &count)) {
        int64_t closed_ms = sv_doc_time(count, "closed_at");

        if (work->query->count_id == NULL && closed_ms != 0 && closed_ms < work->query->from_ms) {
            continue;
        }
        if (found == SV_VARIANCE_COUNTS) {
            sv_fail(work->error, SV_ERR_QUERY_TOO_SLOW, "More than %d counts are meant; name one, or a shorter time",
                    SV_VARIANCE_COUNTS);
        } else {
            counts[found++] = sv_doc_copy(count, work->arena);
        }
    }
    if (work->error->status == SV_OK) {
        sv_store_cursor_end(work->store, cursor, work->error);
    }
    mongoc_cursor_destroy(cursor);
    for (size_t i = 0; work->error->status == SV_OK && i < found; i++) {
        sv_variance_read_count(work, counts[i]);
    }
    return work->error->status;
}

/* ---- all of it */

sv_status_t
sv_variance_rows_each(sv_store_t *store, const sv_variance_query_t *query, sv_variance_take_t take, void *context,
                      sv_arena_t *arena, sv_error_t *error)
{
    sv_variance_work_t work = { .store = store,
                                .query = query,
                                .take = take,
                                .take_context = context,
                                .arena = arena,
                                .error = error,
                                .chunk = sv_arena_create(),
                                .rows = sv_arena_alloc(arena, SV_VARIANCE_CHUNK * sizeof(*work.rows)) };

    sv_variance_read_counts(&work);
    sv_variance_give(&work);
    sv_arena_destroy(work.chunk);
    return error->status;
}

typedef struct {
    sv_variance_rows_t *rows;
    sv_arena_t *arena;
    sv_error_t *error;
} sv_variance_all_t;

static void
sv_variance_keep_row(const sv_variance_row_t *row, void *context)
{
    sv_variance_all_t *all = context;
    sv_variance_rows_t *rows = all->rows;

    if (rows->count == SV_VARIANCE_ROWS) {
        sv_fail(all->error, SV_ERR_QUERY_TOO_SLOW, "More than %d lines are meant; narrow the question",
                SV_VARIANCE_ROWS);
        return;
    }
    rows->rows = sv_arena_grow(all->arena, rows->rows, rows->count, &rows->capacity, sizeof(rows->rows[0]));
    rows->rows[rows->count++] = sv_variance_row_copy(row, all->arena);
}

sv_status_t
sv_variance_rows_read(sv_store_t *store, const sv_variance_query_t *query, sv_variance_rows_t *rows, sv_arena_t *arena,
                      sv_error_t *error)
{
    sv_variance_all_t all = { rows, arena, error };

    return sv_variance_rows_each(store, query, sv_variance_keep_row, &all, arena, error);
}
