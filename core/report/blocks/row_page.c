#include "core/report/blocks/row_page.h"

#include <stdlib.h>
#include <string.h>

enum { SV_CURSOR_DIGITS = 15, SV_PAGE_LOOKS = 20 * SV_BLOCK_ROWS };

sv_status_t
sv_row_cursor_check(const char *cursor, sv_error_t *error)
{
    size_t length = cursor != NULL ? strspn(cursor, "0123456789") : 0;

    if (cursor == NULL || (length > 0 && length <= SV_CURSOR_DIGITS && cursor[length] == '\0')) {
        return SV_OK;
    }
    return sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
}

static bool
sv_row_wanted(const bson_t *row, const sv_row_filter_t *filter)
{
    bson_iter_t iter;

    return filter->column == NULL || (bson_iter_init_find(&iter, row, filter->column) && BSON_ITER_HOLDS_UTF8(&iter) &&
                                      strcmp(bson_iter_utf8(&iter, NULL), filter->text) == 0);
}

/* Writes from row *at on; *at is the row to go on with. */
static sv_status_t
sv_row_page_items(sv_block_reader_t *reader, const sv_kept_rows_t *kept, const sv_row_filter_t *filter, int64_t limit,
                  int64_t *at, sv_json_writer_t *w, sv_error_t *error)
{
    int64_t end = kept->rows - *at > SV_PAGE_LOOKS ? *at + SV_PAGE_LOOKS : kept->rows, given = 0;
    const bson_t *row;

    for (; given < limit && *at < end; (*at)++) {
        if (sv_block_reader_next_document(reader, &row, error) != SV_OK) {
            return error->status;
        }
        if (row == NULL) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "the rows of %s end early", kept->place.owner);
        }
        if (sv_row_wanted(row, filter)) {
            sv_row_write_json(w, NULL, kept->columns, kept->column_count, row);
            given++;
        }
    }
    return SV_OK;
}

sv_status_t
sv_row_page_write(sv_store_t *store, const sv_kept_rows_t *kept, const sv_row_filter_t *filter, const sv_page_t *page,
                  sv_json_writer_t *w, sv_error_t *error)
{
    sv_block_reader_t *reader;
    int64_t at;
    sv_status_t status;

    if (sv_row_cursor_check(page->cursor, error) != SV_OK) {
        return error->status;
    }
    at = page->cursor != NULL ? strtoll(page->cursor, NULL, 10) : 0;
    if (page->cursor != NULL && at >= kept->rows) {
        return sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
    }
    reader = sv_block_reader_create(store, &kept->place, kept->columns, kept->column_count, at);
    if (reader == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    sv_json_array(w, "items");
    status = sv_row_page_items(reader, kept, filter, page->limit, &at, w, error);
    sv_json_end(w);
    sv_block_reader_destroy(reader);
    sv_json_text(w, "next_cursor", at < kept->rows ? sv_arena_printf(error->arena, "%lld", (long long) at) : NULL);
    sv_json_int(w, "total", filter->column != NULL ? filter->total : kept->rows);
    return status;
}
