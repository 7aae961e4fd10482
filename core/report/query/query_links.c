/* Documents that rows are linked to, read a thousand rows at a time. */
#include <stdlib.h>
#include <string.h>

#include "core/report/query/point_in_time.h"
#include "core/report/query/query_cursor.h"
#include "core/report/query/query_links.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"
#include "core/base/text_map.h"

enum {
    SV_LINKS_MAX = 20000,         /* kept until so many are there, */
    SV_LINKS_MAX_BYTES = 4 << 20, /* or so much of them */
    SV_LINKS_ASK = 1000,          /* ids a find */
};

/* One kind of linked document. */
typedef struct {
    sv_text_map_t documents; /* id to document; an id whose document is not there: to `missing` */
    bson_t *fields;          /* what is read of each */
    const char **wanted;     /* ids noted since the last read */
    size_t wanted_count, wanted_capacity;
} sv_linked_t;

struct sv_link_cache_s {
    const sv_report_query_t *query;
    sv_arena_t *arena;     /* what is kept */
    bson_t missing, asked; /* in the maps for documents that are not there, and for those to be read */
    sv_linked_t linked[SV_LINK_COUNT_OF];
    size_t bytes;
};

static bool
sv_linked_used(const sv_link_cache_t *cache, int link)
{
    return (cache->query->lookups & (1u << link)) != 0;
}

static void
sv_link_cache_begin(sv_link_cache_t *cache)
{
    cache->arena = sv_arena_create();
    cache->bytes = 0;
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        sv_linked_t *linked = &cache->linked[link];

        if (sv_linked_used(cache, link)) {
            sv_text_map_init(&linked->documents, cache->arena, 1024);
            linked->wanted = NULL;
            linked->wanted_count = 0;
            linked->wanted_capacity = 0;
        }
    }
}

static void
sv_linked_want_fields(sv_link_cache_t *cache, int link)
{
    const sv_report_query_t *query = cache->query;
    bson_t *fields = BCON_NEW("_id", BCON_INT32(0), sv_link_rows[link].foreign, BCON_INT32(1));
    bson_iter_t iter;

    for (size_t i = 0; i < query->column_count; i++) {
        const char *path = query->sources[i].path;

        if (query->sources[i].lookup == (sv_link_t) link && !bson_iter_init_find(&iter, fields, path)) {
            BSON_APPEND_INT32(fields, path, 1);
        }
    }
    cache->linked[link].fields = fields;
}

sv_link_cache_t *
sv_link_cache_create(const sv_report_query_t *query)
{
    sv_link_cache_t *cache = aligned_alloc(_Alignof(sv_link_cache_t), sizeof(*cache));

    if (cache == NULL) {
        return NULL;
    }
    memset(cache, 0, sizeof(*cache));
    bson_init(&cache->missing);
    bson_init(&cache->asked);
    cache->query = query;
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        if (sv_linked_used(cache, link)) {
            sv_linked_want_fields(cache, link);
        }
    }
    sv_link_cache_begin(cache);
    return cache;
}

void
sv_link_cache_destroy(sv_link_cache_t *cache)
{
    if (cache == NULL) {
        return;
    }
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        bson_destroy(cache->linked[link].fields);
    }
    sv_arena_destroy(cache->arena);
    bson_destroy(&cache->missing);
    bson_destroy(&cache->asked);
    free(cache);
}

void
sv_link_cache_trim(sv_link_cache_t *cache)
{
    size_t kept = 0;

    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        kept += cache->linked[link].documents.count;
    }
    if (kept > SV_LINKS_MAX || cache->bytes > SV_LINKS_MAX_BYTES) {
        sv_arena_destroy(cache->arena);
        sv_link_cache_begin(cache);
    }
}

/* The id as it stands in the document; NULL: none.  Texts of BSON end with NUL. */
static const char *
sv_linked_id(const sv_link_cache_t *cache, int link, const bson_t *document)
{
    const char *path = sv_report_link_local(cache->query->collection, (sv_link_t) link);
    bson_iter_t iter, found;

    if (path == NULL || !bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found) ||
        !BSON_ITER_HOLDS_UTF8(&found)) {
        return NULL;
    }
    return bson_iter_utf8(&found, NULL);
}

static void
sv_linked_want(sv_link_cache_t *cache, sv_linked_t *linked, const char *id)
{
    const char *kept;

    if (sv_text_map_get(&linked->documents, id) != NULL) {
        return;
    }
    kept = sv_arena_strdup(cache->arena, id);
    *sv_text_map_put(&linked->documents, kept) = &cache->asked;
    if (linked->wanted_count == linked->wanted_capacity) {
        size_t capacity = linked->wanted_capacity * 2 + SV_LINKS_ASK;
        const char **grown = sv_arena_alloc(cache->arena, capacity * sizeof(*grown));

        if (linked->wanted_count > 0) {
            memcpy(grown, linked->wanted, linked->wanted_count * sizeof(*grown));
        }
        linked->wanted = grown;
        linked->wanted_capacity = capacity;
    }
    linked->wanted[linked->wanted_count++] = kept;
}

void
sv_link_cache_want(sv_link_cache_t *cache, const bson_t *document)
{
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        const char *id = sv_linked_used(cache, link) ? sv_linked_id(cache, link, document) : NULL;

        if (id != NULL) {
            sv_linked_want(cache, &cache->linked[link], id);
        }
    }
}

static sv_status_t
sv_linked_read(sv_link_cache_t *cache, int link, sv_store_t *store, mongoc_client_session_t *snapshot,
               const char *const *ids, size_t count, int64_t deadline_ms, sv_error_t *error)
{
    sv_linked_t *linked = &cache->linked[link];
    sv_arena_t *arena = sv_arena_create();
    mongoc_collection_t *collection = sv_point_in_time_collection(store, sv_link_rows[link].collection, snapshot);
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *document;
    bson_error_t reason;
    sv_status_t status;

    BSON_APPEND_DOCUMENT(options, "projection", linked->fields);
    if (snapshot != NULL) {
        mongoc_client_session_append(snapshot, options, &reason);
    }
    sv_filter_in(filter, sv_link_rows[link].foreign, ids, count);
    cursor = mongoc_collection_find_with_opts(collection, filter, options, NULL);
    while (mongoc_cursor_next(cursor, &document)) {
        const char *id = sv_doc_text(document, sv_link_rows[link].foreign, arena);

        if (id != NULL && sv_text_map_get(&linked->documents, id) == &cache->asked) {
            *sv_text_map_put(&linked->documents, id) = sv_doc_copy(document, cache->arena);
            cache->bytes += document->len;
        }
    }
    status = sv_report_cursor_end(cursor, deadline_ms, error);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_link_cache_fill(sv_link_cache_t *cache, sv_store_t *store, mongoc_client_session_t *snapshot, int64_t deadline_ms,
                   sv_error_t *error)
{
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        sv_linked_t *linked = &cache->linked[link];

        for (size_t first = 0; first < linked->wanted_count; first += SV_LINKS_ASK) {
            size_t count = linked->wanted_count - first < SV_LINKS_ASK ? linked->wanted_count - first : SV_LINKS_ASK;

            if (sv_linked_read(cache, link, store, snapshot, linked->wanted + first, count, deadline_ms, error) !=
                SV_OK) {
                return error->status;
            }
        }
        for (size_t i = 0; i < linked->wanted_count; i++) {
            void **place = sv_text_map_put(&linked->documents, linked->wanted[i]);

            *place = *place == &cache->asked ? &cache->missing : *place;
        }
        linked->wanted_count = 0;
    }
    return SV_OK;
}

void
sv_link_cache_get(const sv_link_cache_t *cache, const bson_t *document, const bson_t **linked)
{
    for (int link = 0; link < SV_LINK_COUNT_OF; link++) {
        const char *id = link > 0 && sv_linked_used(cache, link) ? sv_linked_id(cache, link, document) : NULL;

        linked[link] = id != NULL ? sv_text_map_get(&cache->linked[link].documents, id) : NULL;
    }
}
