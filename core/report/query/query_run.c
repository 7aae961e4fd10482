#include <stdlib.h>

#include "core/base/clock.h"
#include "core/report/query/cursor_ahead.h"
#include "core/report/query/point_in_time.h"
#include "core/report/query/query_cursor.h"
#include "core/report/query/query_links.h"
#include "core/report/query/query_rows.h"
#include "core/store/document.h"

enum {
    SV_LINKED_ROWS = 1000,     /* rows whose links are looked up at once, */
    SV_LINKED_BYTES = 4 << 20, /* or as many as make so much */
    SV_LOOK_AT_CLOCK = 256,    /* rows */
};

/* A query being run. */
typedef struct {
    sv_store_t *store;
    const sv_report_query_t *query;
    const sv_report_run_t *how;
    int64_t deadline_ms; /* monotonic; 0: none */
    sv_arena_t *arena;
    sv_row_maker_t *maker;
    sv_report_row_t row;
    void *context;
    int64_t rows;
    sv_cursor_ahead_t *ahead; /* NULL: not read ahead */
    /* rows that wait for what they are linked to */
    sv_link_cache_t *links;
    bson_t *waiting[SV_LINKED_ROWS];
    size_t waiting_count, waiting_bytes;
} sv_running_t;

/* ---- rows */

static sv_status_t
sv_running_give(sv_running_t *running, const bson_t *document, const bson_t *const *linked, sv_error_t *error)
{
    const bson_t *row;
    sv_status_t status = sv_row_maker_make(running->maker, document, linked, &row, error);

    running->rows++;
    return status == SV_OK ? running->row(running->context, row, error) : status;
}

static void
sv_running_drop_waiting(sv_running_t *running)
{
    for (size_t i = 0; i < running->waiting_count; i++) {
        bson_destroy(running->waiting[i]);
    }
    running->waiting_count = 0;
    running->waiting_bytes = 0;
}

static sv_status_t
sv_running_give_waiting(sv_running_t *running, sv_error_t *error)
{
    const bson_t *linked[SV_LINK_COUNT_OF];
    sv_status_t status =
        sv_link_cache_fill(running->links, running->store, running->how->snapshot, running->deadline_ms, error);

    for (size_t i = 0; status == SV_OK && i < running->waiting_count; i++) {
        sv_link_cache_get(running->links, running->waiting[i], linked);
        status = sv_running_give(running, running->waiting[i], linked, error);
    }
    sv_running_drop_waiting(running);
    sv_link_cache_trim(running->links);
    return status;
}

static sv_status_t
sv_running_take(sv_running_t *running, const bson_t *document, sv_error_t *error)
{
    if (running->links == NULL) {
        return sv_running_give(running, document, NULL, error);
    }
    sv_link_cache_want(running->links, document);
    running->waiting[running->waiting_count++] = bson_copy(document);
    running->waiting_bytes += document->len;
    if (running->waiting_count == SV_LINKED_ROWS || running->waiting_bytes >= SV_LINKED_BYTES) {
        return sv_running_give_waiting(running, error);
    }
    return SV_OK;
}

/* ---- the read */

static mongoc_cursor_t *
sv_running_open(sv_running_t *running, mongoc_collection_t *collection)
{
    const sv_report_query_t *query = running->query;
    int64_t limit = query->limit;
    bson_t *options;

    if (running->how->limit > 0 && (limit == 0 || running->how->limit < limit)) {
        limit = running->how->limit;
    }
    if (sv_report_query_needs_pipeline(query)) {
        options = sv_doc_take(BCON_NEW("allowDiskUse", BCON_BOOL(true)), running->arena);
        sv_report_read_options(running->how, options);
        return mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE,
                                           sv_report_query_pipeline(query, limit, false, running->arena), options,
                                           NULL);
    }
    options = sv_report_query_find_options(query, limit, running->arena);
    if (running->how->any_order) {
        bson_t *without = sv_doc_new(running->arena);

        bson_copy_to_excluding_noinit(options, without, "sort", NULL);
        options = without;
    }
    if (query->sort_count > 0) {
        BSON_APPEND_BOOL(options, "allowDiskUse", true);
    }
    sv_report_read_options(running->how, options);
    return mongoc_collection_find_with_opts(collection, sv_report_query_filter(query, running->arena), options, NULL);
}

static bool
sv_running_late(const sv_running_t *running)
{
    return running->deadline_ms != 0 && sv_clock_monotonic_ms() >= running->deadline_ms;
}

/* What takes its time and asks for nothing in between is read ahead: what is linked is asked for through the same
 * client. */
static sv_status_t
sv_running_begin_ahead(sv_running_t *running, mongoc_cursor_t *cursor, sv_error_t *error)
{
    if (running->links != NULL || running->deadline_ms != 0) {
        return SV_OK;
    }
    running->ahead = sv_cursor_ahead_create(cursor);
    return running->ahead != NULL ? SV_OK : sv_fail_cause(error, SV_ERR_INTERNAL, "no thread for reading ahead");
}

/* *document NULL: the cursor has come to its end. */
static sv_status_t
sv_running_next(sv_running_t *running, mongoc_cursor_t *cursor, const bson_t **document, sv_error_t *error)
{
    if (running->ahead != NULL) {
        return sv_cursor_ahead_next(running->ahead, document, error);
    }
    if (!mongoc_cursor_next(cursor, document)) {
        *document = NULL;
    }
    return SV_OK;
}

static sv_status_t
sv_running_take_all(sv_running_t *running, mongoc_cursor_t *cursor, sv_error_t *error)
{
    const bson_t *document;
    sv_status_t status = sv_running_begin_ahead(running, cursor, error);

    while (status == SV_OK && (status = sv_running_next(running, cursor, &document, error)) == SV_OK &&
           document != NULL) {
        if (running->rows % SV_LOOK_AT_CLOCK == 0 && sv_running_late(running)) {
            status = sv_fail(error, SV_ERR_QUERY_TOO_SLOW, NULL);
        } else {
            status = sv_running_take(running, document, error);
        }
    }
    sv_cursor_ahead_destroy(running->ahead);
    running->ahead = NULL;
    return status == SV_OK ? sv_report_cursor_end(cursor, running->deadline_ms, error) : status;
}

static sv_status_t
sv_running_read(sv_running_t *running, sv_error_t *error)
{
    mongoc_collection_t *collection =
        sv_point_in_time_collection(running->store, running->query->collection->collection, running->how->snapshot);
    mongoc_cursor_t *cursor = sv_running_open(running, collection);
    sv_status_t status = sv_running_take_all(running, cursor, error);

    if (status == SV_OK && running->waiting_count > 0) {
        status = sv_running_give_waiting(running, error);
    }
    if (status == SV_OK && running->rows == 0) {
        const bson_t *nothing = sv_report_query_of_nothing(running->query, running->arena);

        status = nothing != NULL ? sv_running_give(running, nothing, NULL, error) : SV_OK;
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    return status;
}

sv_status_t
sv_report_query_run(sv_store_t *store, const sv_report_query_t *query, const sv_report_run_t *how, sv_report_row_t row,
                    void *context, sv_error_t *error)
{
    sv_running_t *running = calloc(1, sizeof(*running));
    sv_status_t status;

    if (running == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    running->store = store;
    running->query = query;
    running->how = how;
    running->deadline_ms = how->time_limit_ms > 0 ? sv_clock_monotonic_ms() + how->time_limit_ms : 0;
    running->row = row;
    running->context = context;
    running->arena = sv_arena_create();
    running->maker = sv_row_maker_create(query, running->arena);
    running->links = query->lookups != 0 ? sv_link_cache_create(query) : NULL;
    if (query->lookups != 0 && running->links == NULL) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    } else {
        status = sv_running_read(running, error);
    }
    if (status == SV_ERR_QUERY_TOO_SLOW) {
        status = sv_report_too_slow(query, how->time_limit_ms, error);
    }
    sv_running_drop_waiting(running);
    sv_link_cache_destroy(running->links);
    sv_arena_destroy(running->arena);
    free(running);
    return status;
}
