#ifndef SV_ROW_PAGE_H
#define SV_ROW_PAGE_H

#include "core/report/blocks/blocks.h"
#include "core/store/page.h"

/* The rows that a head has in blocks. */
typedef struct {
    sv_block_place_t place;
    int64_t rows;
    const sv_column_t *columns;
    size_t column_count;
} sv_kept_rows_t;

/* Only rows whose text in this column is this one; `column` NULL: all. */
typedef struct {
    const char *column, *text;
    int64_t total; /* how many there are */
} sv_row_filter_t;

/* Writes items, next_cursor and total into an open object.  The cursor is the number of a row.  A page of filtered rows
 * may have fewer than its limit, none even: at most some thousand rows are looked through for one; there are no more
 * when next_cursor is null.  SV_ERR_CURSOR_INVALID. */
sv_status_t sv_row_page_write(sv_store_t *store, const sv_kept_rows_t *kept, const sv_row_filter_t *filter,
                              const sv_page_t *page, sv_json_writer_t *w, sv_error_t *error);

/* Whether a cursor from a client can be one, before anything is loaded: else SV_ERR_CURSOR_INVALID.  NULL can. */
sv_status_t sv_row_cursor_check(const char *cursor, sv_error_t *error);

#endif
