#include "core/totals/line_step.h"

#include <string.h>

#include "core/counts/touched.h"
#include "core/store/document.h"

enum { SV_LINES_A_CHUNK = 250 };

typedef struct {
    const char *count_id, *warehouse, *item_code;
    bool noted;
} sv_line_before_t;

typedef struct {
    sv_arena_t *arena;
    sv_line_before_t lines[SV_LINES_A_CHUNK];
    size_t count;
    bson_t *last; /* {id} of the last line */
} sv_lines_before_t;

static bson_t *
sv_lines_before_filter(sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("counted", "{", "$exists", BCON_BOOL(true), "}", "state", BCON_NULL), arena);
}

sv_status_t
sv_line_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    const bson_t *line;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SESSION_BOOK, sv_lines_before_filter(error->arena),
                                           NULL, error->arena, &line, error);

    *due = line != NULL;
    return status;
}

static void
sv_lines_before_take(const bson_t *row, void *context)
{
    sv_lines_before_t *before = context;
    bson_iter_t id;

    before->lines[before->count++] = (sv_line_before_t){ .count_id = sv_doc_text(row, "session_id", before->arena),
                                                         .warehouse = sv_doc_text(row, "warehouse", before->arena),
                                                         .item_code = sv_doc_text(row, "item_code", before->arena) };
    if (bson_iter_init_find(&id, row, "_id")) {
        bson_reinit(before->last);
        bson_append_iter(before->last, "id", -1, &id);
    }
}

/* The lines of one count among them, from `first` on. */
static sv_status_t
sv_lines_before_note(sv_store_t *store, sv_lines_before_t *before, size_t first, sv_error_t *error)
{
    const char *codes[SV_LINES_A_CHUNK], *count_id = before->lines[first].count_id;
    size_t count = 0;

    for (size_t i = first; i < before->count; i++) {
        sv_line_before_t *line = &before->lines[i];

        if (line->count_id != NULL && line->item_code != NULL && strcmp(line->count_id, count_id) == 0) {
            line->noted = true;
            codes[count++] = line->item_code;
        }
    }
    return sv_touched_note(store, count_id, before->lines[first].warehouse, codes, count, before->arena, error);
}

/* Noted twice they are derived twice, to the same. */
sv_status_t
sv_line_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    bson_t *filter = sv_lines_before_filter(chunk->arena), child;
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit",
                                           BCON_INT64(SV_LINES_A_CHUNK), "projection", "{", "session_id", BCON_INT32(1),
                                           "warehouse", BCON_INT32(1), "item_code", BCON_INT32(1), "}"),
                                  chunk->arena);
    sv_lines_before_t before = { .arena = chunk->arena, .last = sv_doc_new(chunk->arena) };
    bson_iter_t id;

    if (chunk->cursor != NULL && bson_iter_init_find(&id, chunk->cursor, "id")) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &child);
        bson_append_iter(&child, "$gt", -1, &id);
        bson_append_document_end(filter, &child);
    }
    sv_store_each(chunk->store, SV_COLLECTION_SESSION_BOOK, filter, options, sv_lines_before_take, &before, error);
    for (size_t i = 0; error->status == SV_OK && i < before.count; i++) {
        const sv_line_before_t *line = &before.lines[i];

        if (line->count_id == NULL || line->item_code == NULL) {
            continue;
        }
        chunk->changed++;
        if (!chunk->dry_run && !line->noted) {
            sv_lines_before_note(chunk->store, &before, i, error);
        }
    }
    chunk->seen = (int64_t) before.count;
    if (before.count == SV_LINES_A_CHUNK) {
        bson_concat(chunk->next, before.last);
    }
    return error->status;
}
