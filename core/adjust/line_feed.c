#include "core/adjust/line_feed.h"

#include <pthread.h>

#include "core/adjust/line_spelling.h"
#include "core/store/document.h"

struct sv_line_feed_s {
    const char *warehouse;
    sv_line_source_t source;
    void *context;
    pthread_t thread;
    /* the thread's */
    sv_store_t *store;
    sv_line_chunk_t filling;
    sv_error_t error; /* its end, once it is joined or `ended` */
    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    sv_line_chunk_t ready; /* without an arena: there is none */
    bool ended;            /* the source gives no more */
    bool unwanted;         /* nobody takes any more */
};

/* ---- the thread */

static void
sv_chunk_begin(sv_line_chunk_t *chunk)
{
    *chunk = (sv_line_chunk_t){ .arena = sv_arena_create() };
    chunk->lines = sv_arena_alloc(chunk->arena, SV_LINE_CHUNK * sizeof(chunk->lines[0]));
}

/* Hands the chunk over as soon as the one before is taken. */
static sv_status_t
sv_feed_give(sv_line_feed_t *feed, sv_error_t *error)
{
    bool given;

    if (feed->filling.count == 0 || sv_lines_spell(feed->store, feed->warehouse, feed->filling.lines,
                                                   feed->filling.count, feed->filling.arena, error) != SV_OK) {
        return error->status;
    }
    pthread_mutex_lock(&feed->lock);
    while (feed->ready.arena != NULL && !feed->unwanted) {
        pthread_cond_wait(&feed->changed, &feed->lock);
    }
    given = !feed->unwanted;
    if (given) {
        feed->ready = feed->filling;
        pthread_cond_signal(&feed->changed);
    }
    pthread_mutex_unlock(&feed->lock);
    if (!given) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "nobody takes the lines of the adjustment");
    }
    sv_chunk_begin(&feed->filling);
    return SV_OK;
}

sv_status_t
sv_line_feed_add(sv_line_feed_t *feed, const sv_adjustment_line_t *line, sv_error_t *error)
{
    sv_line_chunk_t *chunk = &feed->filling;
    sv_adjustment_line_t *kept = &chunk->lines[chunk->count++];

    *kept = *line;
    kept->item_code = sv_arena_strdup(chunk->arena, line->item_code);
    kept->lot = sv_arena_strdup(chunk->arena, line->lot);
    kept->uom = line->uom != NULL ? sv_arena_strdup(chunk->arena, line->uom) : NULL;
    kept->origin = line->origin != NULL ? sv_doc_copy(line->origin, chunk->arena) : NULL;
    return chunk->count == SV_LINE_CHUNK ? sv_feed_give(feed, error) : error->status;
}

static void *
sv_feed_thread(void *context)
{
    sv_line_feed_t *feed = context;

    sv_chunk_begin(&feed->filling);
    if (feed->source(feed, feed->store, feed->context, &feed->error) == SV_OK) {
        sv_feed_give(feed, &feed->error);
    }
    sv_arena_destroy(feed->filling.arena);
    pthread_mutex_lock(&feed->lock);
    feed->ended = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    return NULL;
}

/* ---- who writes them */

static void
sv_feed_destroy_arena(void *arena)
{
    sv_arena_destroy(arena);
}

sv_line_feed_t *
sv_line_feed_open(sv_store_pool_t *pool, const char *warehouse, sv_line_source_t source, void *context,
                  sv_arena_t *arena, sv_error_t *error)
{
    sv_line_feed_t *feed = sv_arena_zalloc(arena, sizeof(*feed));
    sv_arena_t *own = sv_arena_create();

    sv_arena_on_destroy(arena, sv_feed_destroy_arena, own);
    feed->warehouse = warehouse;
    feed->source = source;
    feed->context = context;
    sv_error_init(&feed->error, own);
    feed->store = sv_store_acquire(pool);
    if (feed->store == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client came free to read the lines of an adjustment");
        return NULL;
    }
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->changed, NULL);
    if (pthread_create(&feed->thread, NULL, sv_feed_thread, feed) != 0) {
        sv_store_release(feed->store);
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no thread to read the lines of an adjustment");
        return NULL;
    }
    return feed;
}

sv_status_t
sv_line_feed_take(sv_line_feed_t *feed, sv_line_chunk_t *chunk, sv_error_t *error)
{
    pthread_mutex_lock(&feed->lock);
    while (feed->ready.arena == NULL && !feed->ended) {
        pthread_cond_wait(&feed->changed, &feed->lock);
    }
    *chunk = feed->ready;
    feed->ready = (sv_line_chunk_t){ 0 };
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    if (chunk->arena == NULL && feed->error.status != SV_OK) {
        sv_arena_t *arena = error->arena;

        *error = feed->error;
        error->arena = arena;
    }
    return error->status;
}

void
sv_line_feed_close(sv_line_feed_t *feed)
{
    if (feed == NULL) {
        return;
    }
    pthread_mutex_lock(&feed->lock);
    feed->unwanted = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    pthread_join(feed->thread, NULL);
    sv_arena_destroy(feed->ready.arena);
    sv_store_release(feed->store);
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->lock);
}
