#ifndef SV_PAGE_H
#define SV_PAGE_H

#include "core/base/json_writer.h"
#include "core/store/store.h"

/*
 * Paged lists: sorted by one field and a unique tie-breaker, continued after the last row
 * given (never by skipping), so pages are stable under inserts.  The cursor is
 * opaque base64url of the last row's two keys and of the list's name; another list's
 * or a damaged one is SV_ERR_CURSOR_INVALID.
 */
typedef struct {
    const char  *list;            /* names the list inside the cursor */
    const char  *sort_field;      /* NULL: the tie-breaker alone */
    const char  *unique_field;
    int          direction;       /* 1 or -1 */
    int64_t      limit;           /* 1..500 */
    const char  *cursor;          /* from the client; NULL: the first page */
    int64_t      number;          /* from 1: this page of `limit` rows, by skipping those before; 0: by cursor */
    bool         tells_since;     /* the list can be asked by `since`: its pages say where the next walk begins */
} sv_page_t;

/*
 * Lists asked by `since` miss nothing that was acknowledged: what a transaction dates it commits up to its lifetime later
 * (MongoDB's transactionLifetimeLimitSeconds, a minute), so the next walk begins that long, and 15 s more for clocks and
 * elections, before the first page of this one was read.  Every page of a walk tells the same `next_since`: its cursors carry it.
 * What was given before may be given again.
 */
enum { SV_SINCE_REACH_MS = 75000 };

/* Rows that a page asked for by its number may reach to: what is skipped is read each time. */
enum { SV_PAGE_REACH = 50000 };

/* What the replaced system told of a page asked for by its number; nothing of one asked for by cursor. */
void sv_pagination_write(sv_json_writer_t *w, const sv_page_t *page, int64_t total);

/* Runs the page's find and writes `{"items": [...], "next_cursor": ...}` members, `next_since` and `pagination` (into an
 * object the caller opened); `write` writes one row. */
typedef void (*sv_page_write_t)(sv_json_writer_t *w, const bson_t *row, void *context);

sv_status_t sv_page_run(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
                        const sv_page_t *page, sv_page_write_t write, void *context, sv_json_writer_t *w,
                        sv_arena_t *arena, sv_error_t *error);

/* The same page as rows (copies in the arena), for lists that look something up for all of them. */
typedef struct {
    const bson_t **rows;
    size_t         count;
    const char    *next_cursor;   /* NULL: the last page */
    int64_t        next_since_ms; /* of a list that tells it */
    int64_t        total;         /* of a page asked for by its number: rows of all pages */
} sv_page_rows_t;

sv_status_t sv_page_read(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
                         const sv_page_t *page, sv_page_rows_t *rows, sv_arena_t *arena, sv_error_t *error);

/* For a list that joins another source by its unique key, a text, in which it is sorted alone: the key behind which the
 * page begins (NULL: at the first), and the cursor of a page that ends at a key. */
sv_status_t sv_page_begin(const sv_page_t *page, const char **key, sv_arena_t *arena, sv_error_t *error);
const char *sv_page_cursor(const sv_page_t *page, const char *key, int64_t next_since_ms, sv_arena_t *arena);

#endif
