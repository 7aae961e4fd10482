#include "core/adjust/line_feed.h"

#include "core/adjust/line_spelling.h"
#include "core/base/side_thread.h"
#include "core/store/document.h"

enum { SV_FEED_CHUNKS = 2 }; /* one is filled, one waits */

struct sv_line_feed_s {
    const char *warehouse;
    sv_line_source_t source;
    void *context;
    sv_line_chunk_t chunks[SV_FEED_CHUNKS]; /* go around: given empty, returned full, taken */
    size_t taken;
    sv_side_thread_t *side;
    /* the thread's */
    sv_store_t *store;
    sv_side_thread_t *itself;
    sv_line_chunk_t *filling; /* NULL: the last one was full */
};

/* ---- the thread */

static sv_status_t
sv_feed_begin_chunk(sv_line_feed_t *feed, sv_error_t *error)
{
    sv_line_chunk_t *chunk;
    size_t number;

    if (!sv_side_thread_next(feed->itself, &number)) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "nobody takes the lines of the adjustment");
    }
    chunk = &feed->chunks[number % SV_FEED_CHUNKS];
    *chunk = (sv_line_chunk_t){ .arena = sv_arena_create() };
    chunk->lines = sv_arena_alloc(chunk->arena, SV_LINE_CHUNK * sizeof(chunk->lines[0]));
    feed->filling = chunk;
    return SV_OK;
}

static sv_status_t
sv_feed_end_chunk(sv_line_feed_t *feed, sv_error_t *error)
{
    sv_line_chunk_t *chunk = feed->filling;

    if (sv_lines_spell(feed->store, feed->warehouse, chunk->lines, chunk->count, chunk->arena, error) == SV_OK) {
        feed->filling = NULL;
        sv_side_thread_return(feed->itself);
    }
    return error->status;
}

sv_status_t
sv_line_feed_add(sv_line_feed_t *feed, const sv_adjustment_line_t *line, sv_error_t *error)
{
    sv_line_chunk_t *chunk;
    sv_adjustment_line_t *kept;

    if (feed->filling == NULL && sv_feed_begin_chunk(feed, error) != SV_OK) {
        return error->status;
    }
    chunk = feed->filling;
    kept = &chunk->lines[chunk->count++];
    *kept = *line;
    kept->item_code = sv_arena_strdup(chunk->arena, line->item_code);
    kept->lot = sv_arena_strdup(chunk->arena, line->lot);
    kept->uom = line->uom != NULL ? sv_arena_strdup(chunk->arena, line->uom) : NULL;
    kept->origin = line->origin != NULL ? sv_doc_copy(line->origin, chunk->arena) : NULL;
    return chunk->count == SV_LINE_CHUNK ? sv_feed_end_chunk(feed, error) : SV_OK;
}

static sv_status_t
sv_feed_work(sv_side_thread_t *side, void *context, sv_error_t *error)
{
    sv_line_feed_t *feed = context;

    feed->itself = side;
    if (feed->source(feed, feed->store, feed->context, error) == SV_OK && feed->filling != NULL) {
        sv_feed_end_chunk(feed, error);
    }
    return error->status;
}

/* ---- who writes them */

sv_line_feed_t *
sv_line_feed_open(sv_store_pool_t *pool, const char *warehouse, sv_line_source_t source, void *context,
                  sv_arena_t *arena, sv_error_t *error)
{
    sv_line_feed_t *feed = sv_arena_zalloc(arena, sizeof(*feed));

    feed->warehouse = warehouse;
    feed->source = source;
    feed->context = context;
    feed->store = sv_store_acquire(pool);
    if (feed->store == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client came free to read the lines of an adjustment");
        return NULL;
    }
    feed->side = sv_side_thread_start(sv_feed_work, feed);
    if (feed->side == NULL) {
        sv_store_release(feed->store);
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no thread to read the lines of an adjustment");
        return NULL;
    }
    for (int i = 0; i < SV_FEED_CHUNKS; i++) {
        sv_side_thread_give(feed->side);
    }
    return feed;
}

sv_status_t
sv_line_feed_take(sv_line_feed_t *feed, sv_line_chunk_t *chunk, sv_error_t *error)
{
    sv_line_chunk_t *next = &feed->chunks[feed->taken % SV_FEED_CHUNKS];
    bool returned;

    *chunk = (sv_line_chunk_t){ 0 };
    if (sv_side_thread_await(feed->side, feed->taken, &returned, error) == SV_OK && returned) {
        *chunk = *next;
        *next = (sv_line_chunk_t){ 0 };
        feed->taken++;
        sv_side_thread_give(feed->side);
    }
    return error->status;
}

void
sv_line_feed_close(sv_line_feed_t *feed)
{
    if (feed == NULL) {
        return;
    }
    sv_side_thread_destroy(feed->side);
    for (int i = 0; i < SV_FEED_CHUNKS; i++) {
        sv_arena_destroy(feed->chunks[i].arena);
    }
    sv_store_release(feed->store);
}
