#include "core/stock/adjusted.h"

#include <string.h>

#include "core/base/text_map.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"

typedef struct {
    int64_t seq, approved_at_ms, reverses_seq;
    bool reversed;
    const char **racks;
    size_t rack_count;
} sv_adjusted_head_t;

typedef struct {
    sv_arena_t *arena;
    const bson_t **rows;
    size_t count, capacity;
    sv_text_map_t heads; /* by adjustment_id: of those that are published */
} sv_adjusted_lines_t;

static void
sv_adjusted_take(const bson_t *row, void *context)
{
    sv_adjusted_lines_t *lines = context;

    lines->rows = sv_arena_grow(lines->arena, lines->rows, lines->count, &lines->capacity, sizeof(lines->rows[0]));
    lines->rows[lines->count++] = sv_doc_copy(row, lines->arena);
}

static void
sv_adjusted_take_head(const bson_t *row, void *context)
{
    sv_adjusted_lines_t *lines = context;
    sv_adjusted_head_t *head = sv_arena_zalloc(lines->arena, sizeof(*head));
    const bson_t *racks = sv_doc_child(row, "racks", lines->arena);
    bson_iter_t iter;

    head->seq = sv_doc_int(row, "seq");
    head->approved_at_ms = sv_doc_time(row, "approved_at");
    head->reverses_seq = sv_doc_int(row, "reverses_seq");
    head->reversed = sv_doc_has(row, "reversed_by");
    if (racks != NULL && bson_iter_init(&iter, racks)) {
        head->racks = sv_arena_alloc(lines->arena, (bson_count_keys(racks) + 1) * sizeof(head->racks[0]));
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                head->racks[head->rack_count++] = sv_arena_strdup(lines->arena, bson_iter_utf8(&iter, NULL));
            }
        }
    }
    *sv_text_map_put(&lines->heads, sv_doc_text(row, "adjustment_id", lines->arena)) = head;
}

/* Lines are written before their adjustment is: without it they are nobody's. */
static sv_status_t
sv_adjusted_read_heads(sv_store_t *store, sv_adjusted_lines_t *lines, sv_error_t *error)
{
    sv_row_texts_t ids = { .field = "adjustment_id", .arena = lines->arena };
    bson_t *filter = sv_doc_new(lines->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "adjustment_id", BCON_INT32(1), "racks", BCON_INT32(1),
                                           "seq", BCON_INT32(1), "approved_at", BCON_INT32(1), "reverses_seq",
                                           BCON_INT32(1), "reversed_by", BCON_INT32(1), "}"),
                                  lines->arena);
    sv_text_map_t seen;

    sv_text_map_init(&seen, lines->arena, 0);
    sv_text_map_init(&lines->heads, lines->arena, 0);
    for (size_t i = 0; i < lines->count; i++) {
        const char *id = sv_doc_text(lines->rows[i], "adjustment_id", lines->arena);
        void **place = id != NULL ? sv_text_map_put(&seen, id) : NULL;

        if (place != NULL && *place == NULL) {
            *place = lines;
            sv_row_texts_take(lines->rows[i], &ids);
        }
    }
    sv_filter_in(filter, "adjustment_id", ids.texts, ids.count);
    return sv_store_each(store, SV_COLLECTION_ADJUSTMENTS, filter, options, sv_adjusted_take_head, lines, error);
}

static void
sv_adjusted_give(const sv_adjusted_lines_t *lines, const bson_t *row, sv_adjusted_reader_t read, void *context)
{
    const char *id = sv_doc_text(row, "adjustment_id", lines->arena);
    const sv_adjusted_head_t *head = id != NULL ? sv_text_map_get(&lines->heads, id) : NULL;
    const char *lot = sv_doc_text(row, "lot", lines->arena);
    const char *state = sv_doc_text(row, "posting.state", lines->arena);
    sv_adjusted_t line = { .item_code = sv_doc_text(row, "item_code", lines->arena), .lot = lot != NULL ? lot : "" };

    if (head == NULL || line.item_code == NULL) {
        return;
    }
    line.delta = sv_doc_quantity(row, "delta");
    line.count_id = sv_doc_text(row, "count_id", lines->arena);
    line.seq = head->seq;
    line.approved_at_ms = head->approved_at_ms;
    line.sent_at_ms = sv_doc_time(row, "posting.sent_at");
    line.withdrawn = state != NULL && strcmp(state, "withdrawn") == 0;
    line.reversed = head->reversed;
    line.reverses_seq = head->reverses_seq;
    line.racks = head->racks;
    line.rack_count = head->rack_count;
    read(&line, context);
}

sv_status_t
sv_adjusted_read(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count,
                 sv_adjusted_reader_t read, void *context, sv_arena_t *arena, sv_error_t *error)
{
    sv_adjusted_lines_t lines = { .arena = arena };
    bson_t *filter = sv_doc_new(arena);

    if (count == 0) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    sv_filter_in(filter, "item_code", codes, count);
    BCON_APPEND(filter, "posting.state", "{", "$ne", "superseded", "}");
    if (sv_store_each(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, NULL, sv_adjusted_take, &lines, error) != SV_OK ||
        lines.count == 0 || sv_adjusted_read_heads(store, &lines, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < lines.count; i++) {
        sv_adjusted_give(&lines, lines.rows[i], read, context);
    }
    return SV_OK;
}

sv_status_t
sv_adjusted_seq(sv_store_t *store, const char *warehouse, sv_arena_t *arena, int64_t *seq, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "seq", BCON_INT32(-1), "}", "limit", BCON_INT64(1),
                                           "projection", "{", "seq", BCON_INT32(1), "}"),
                                  arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    *seq = 0;
    if (sv_store_find(store, SV_COLLECTION_ADJUSTMENTS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    if (mongoc_cursor_next(cursor, &row)) {
        *seq = sv_doc_int(row, "seq");
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

bool
sv_adjusted_is_lacking(const sv_adjusted_t *line, int64_t synced_at_ms)
{
    return line->sent_at_ms == 0 || synced_at_ms <= line->sent_at_ms;
}
