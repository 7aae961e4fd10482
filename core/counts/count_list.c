#include "core/counts/count_list.h"

#include "core/floor/stats.h"
#include "core/store/document.h"
#include "core/store/filter.h"

typedef struct {
    bool with_totals;
    sv_arena_t *arena;
} sv_count_row_t;

static void
sv_count_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    const sv_count_row_t *how = context;
    sv_count_t count;

    sv_count_read(row, how->arena, &count);
    sv_count_write_json(w, NULL, &count, how->with_totals);
}

/* What was asked for, and what may be seen: both hold, so that staff asking for others find nothing. */
static bson_t *
sv_count_filter(const sv_principal_t *who, const sv_count_query_t *query, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t all, asked, allowed;

    BSON_APPEND_ARRAY_BEGIN(filter, "$and", &all);
    BSON_APPEND_DOCUMENT_BEGIN(&all, "0", &asked);
    if (query->status != NULL) {
        BSON_APPEND_UTF8(&asked, "status", query->status);
    }
    if (query->warehouse != NULL) {
        BSON_APPEND_UTF8(&asked, "warehouse", query->warehouse);
    }
    if (query->user != NULL) {
        BSON_APPEND_UTF8(&asked, "staff_user", query->user);
    }
    sv_filter_span(&asked, "started_at", query->from_ms, query->to_ms);
    bson_append_document_end(&all, &asked);
    BSON_APPEND_DOCUMENT_BEGIN(&all, "1", &allowed);
    if (who->role < SV_ROLE_SUPERVISOR) {
        BSON_APPEND_UTF8(&allowed, "status", "OPEN");
        BSON_APPEND_UTF8(&allowed, "warehouse", who->warehouse != NULL ? who->warehouse : "");
    }
    bson_append_document_end(&all, &allowed);
    bson_append_array_end(filter, &all);
    return filter;
}

sv_status_t
sv_count_list(sv_store_t *store, const sv_principal_t *who, const sv_count_query_t *query, sv_page_t *page,
              sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    sv_count_row_t how = { .with_totals = who->role >= SV_ROLE_SUPERVISOR, .arena = arena };

    page->list = "counts";
    page->sort_field = "started_at";
    page->unique_field = "session_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_SESSIONS, sv_count_filter(who, query, arena), NULL, page,
                       sv_count_write_row, &how, w, arena, error);
}

typedef struct {
    sv_json_writer_t *w;
    sv_count_row_t how;
} sv_open_counts_t;

static void
sv_open_count_write(const bson_t *row, void *context)
{
    sv_open_counts_t *open = context;

    sv_count_write_row(open->w, row, &open->how);
}

sv_status_t
sv_count_list_open(sv_store_t *store, const sv_principal_t *who, sv_json_writer_t *w, const char *name,
                   sv_arena_t *arena, sv_error_t *error)
{
    bool has_warehouse = who->warehouse != NULL && who->warehouse[0] != '\0';
    const sv_count_query_t query = { .status = "OPEN", .warehouse = has_warehouse ? who->warehouse : NULL };
    sv_open_counts_t open = { w, { .with_totals = who->role >= SV_ROLE_SUPERVISOR, .arena = arena } };
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "started_at", BCON_INT32(-1), "session_id", BCON_INT32(-1), "}",
                                           "limit", BCON_INT64(SV_OPEN_COUNTS_MAX)),
                                  arena);
    sv_status_t status;

    sv_json_array(w, name);
    status = sv_store_each(store, SV_COLLECTION_SESSIONS, sv_count_filter(who, &query, arena), options,
                           sv_open_count_write, &open, error);
    sv_json_end(w);
    return status;
}

sv_status_t
sv_count_write_stats(sv_store_t *store, const sv_count_t *count, sv_json_writer_t *w, sv_error_t *error)
{
    int64_t book = sv_doc_int(count->document, "book_items");
    int64_t counted = sv_doc_int(count->document, "total_items");
    sv_session_stats_t stats;
    int64_t end = sv_doc_time(count->document, "closed_at");
    int64_t start = sv_doc_time(count->document, "started_at");

    if (end == 0 && sv_store_now(store, &end, error) != SV_OK) {
        return error->status;
    }
    stats = (sv_session_stats_t){
        .total_items = book,
        .verified_items = counted,
        .damage_items = sv_doc_int(count->document, "damaged_items"),
        .pending_items = book - counted,
        .duration_seconds = end > start ? (end - start) / 1000 : 0,
    };
    sv_json_object(w, NULL);
    sv_json_text(w, "session_id", count->session_id);
    sv_json_text(w, "kind", count->kind);
    sv_json_text(w, "status", count->status);
    sv_stats_write_members(w, &stats);
    sv_json_end(w);
    return SV_OK;
}
