#include "core/items/catalog_build.h"

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/items/catalog.h"
#include "core/items/lookup.h"
#include "core/search/build.h"
#include "core/store/document.h"
#include "core/store/page.h"

enum {
    SV_BASE_EVERY_MS = 10000,
    SV_REST = 10,         /* neither making a base nor reading changes takes more than a tenth of the time, */
    SV_REST_MS = 10000,   /* but changes are not left unread for longer */
    SV_OVER_LEAST = 1000, /* items over the base before it is made anew, */
    SV_OVER_SHARE = 20    /* and this part of it */
};

/* What one worker knows. */
typedef struct {
    GHashTable *seen; /* item code -> its updated_at, of changes that may be read again */
    GHashTable *over; /* item code -> its document: what lies over the base */
    int64_t mark_ms;  /* the server's time when the last round began */
    int64_t base_items;
    int64_t built_ms, took_ms; /* monotonic; of the base */
    int64_t rests_until_ms;    /* monotonic */
    char base[SV_CATALOG_NAME_SIZE], over_file[SV_CATALOG_NAME_SIZE];
    bool owes_generation; /* Redis is still to be told of a change */
} sv_catalog_state_t;

static void
sv_catalog_document_free(void *document)
{
    bson_destroy(document);
}

static void *
sv_catalog_state_create(void)
{
    sv_catalog_state_t *state = g_new0(sv_catalog_state_t, 1);

    state->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    state->over = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, sv_catalog_document_free);
    return state;
}

static void
sv_catalog_state_destroy(void *kept)
{
    sv_catalog_state_t *state = kept;

    g_hash_table_unref(state->seen);
    g_hash_table_unref(state->over);
    g_free(state);
}

typedef struct {
    sv_store_t *store;
    sv_catalog_state_t *state;
    const char *dir;
    int64_t now_ms;   /* the server's */
    int64_t since_ms; /* changes from here on may be read again */
    int64_t rows, changed;
    sv_arena_t *arena;
} sv_catalog_run_t;

/* ---- reading */

static void
sv_catalog_add(sv_search_build_t *build, const bson_t *item)
{
    sv_arena_t *arena = sv_arena_create();
    const sv_search_item_t added = {
        .item_code = sv_doc_text(item, "item_code", arena),
        .name = sv_doc_text(item, "item_name", arena),
        .words = { sv_doc_text(item, "brand_name", arena), sv_doc_text(item, "description", arena),
                   sv_doc_text(item, "barcode", arena), sv_doc_text(item, "item_code", arena) }
    };

    if (added.item_code != NULL && sv_doc_bool(item, "deleted")) {
        sv_search_build_remove(build, added.item_code);
    } else if (added.item_code != NULL) {
        sv_search_build_add(build, &added);
    }
    sv_arena_destroy(arena);
}

/* Notes a change; false: it was seen before. */
static bool
sv_catalog_note(sv_catalog_run_t *run, GHashTable *seen, const bson_t *item, const char *code)
{
    const int64_t *before = g_hash_table_lookup(run->state->seen, code);
    int64_t *at = g_new(int64_t, 1);
    bool is_new;

    *at = sv_doc_time(item, "updated_at");
    is_new = before == NULL || *before != *at;
    g_hash_table_replace(seen, g_strdup(code), at);
    return is_new;
}

typedef void (*sv_catalog_take_t)(sv_catalog_run_t *run, const bson_t *item, const char *code, void *context);

static sv_status_t
sv_catalog_read(sv_catalog_run_t *run, const bson_t *filter, sv_catalog_take_t take, void *context, sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "item_name", BCON_INT32(1),
                                           "brand_name", BCON_INT32(1), "description", BCON_INT32(1), "barcode",
                                           BCON_INT32(1), "deleted", BCON_INT32(1), "updated_at", BCON_INT32(1), "}"),
                                  run->arena);
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_status_t status = sv_store_find(run->store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &item)) {
        bson_iter_t code;

        if (bson_iter_init_find(&code, item, "item_code") && BSON_ITER_HOLDS_UTF8(&code)) {
            run->rows++;
            take(run, item, bson_iter_utf8(&code, NULL), context);
        }
    }
    status = sv_store_cursor_end(run->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* ---- writing */

static const char *
sv_catalog_path(const sv_catalog_run_t *run, const char *name)
{
    return sv_arena_printf(run->arena, "%s/%s", run->dir, name);
}

static sv_status_t
sv_catalog_write_file(sv_catalog_run_t *run, sv_search_build_t *build, const char *kind,
                      char name[SV_CATALOG_NAME_SIZE], sv_error_t *error)
{
    if (mkdir(run->dir, 0755) != 0 && errno != EEXIST) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "SEARCH_DIR %s: %s", run->dir, g_strerror(errno));
    }
    g_snprintf(name, SV_CATALOG_NAME_SIZE, "items-%s-%" PRId64 "-%d", kind, sv_clock_now_ms(), (int) getpid());
    return sv_search_build_write(build, sv_catalog_path(run, name), error);
}

static sv_status_t
sv_catalog_write_current(sv_catalog_run_t *run, sv_error_t *error)
{
    const char *path = sv_catalog_path(run, SV_CATALOG_CURRENT), *fresh = sv_catalog_path(run, "items-current");
    FILE *file = fopen(fresh, "we");
    bool written = file != NULL && fprintf(file, "%s\n%s\n", run->state->base, run->state->over_file) > 0;

    if (file != NULL) {
        written &= fflush(file) == 0 && fsync(fileno(file)) == 0;
        written &= fclose(file) == 0;
    }
    if (!written || rename(fresh, path) != 0) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    }
    return SV_OK;
}

/* What no reader can have mapped any more. */
static void
sv_catalog_tidy(const sv_catalog_run_t *run)
{
    DIR *dir = opendir(run->dir);
    const struct dirent *entry;
    struct stat file;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *path = sv_catalog_path(run, entry->d_name);

        if (strncmp(entry->d_name, "items-", 6) == 0 && strcmp(entry->d_name, run->state->base) != 0 &&
            strcmp(entry->d_name, run->state->over_file) != 0 && stat(path, &file) == 0 &&
            sv_clock_now_ms() - (int64_t) file.st_mtime * 1000 > SV_CATALOG_KEEP_MS) {
            unlink(path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* ---- the base */

typedef struct {
    sv_search_build_t *build;
    GHashTable *seen;
} sv_catalog_base_t;

static void
sv_catalog_take_base(sv_catalog_run_t *run, const bson_t *item, const char *code, void *context)
{
    sv_catalog_base_t *base = context;

    if (!sv_doc_bool(item, "deleted")) {
        sv_catalog_add(base->build, item);
    }
    if (sv_doc_time(item, "updated_at") >= run->since_ms) {
        sv_catalog_note(run, base->seen, item, code);
    }
}

static void
sv_catalog_take_seen(sv_catalog_state_t *state, GHashTable *seen)
{
    g_hash_table_unref(state->seen);
    state->seen = seen;
}

static sv_status_t
sv_catalog_make_base(sv_catalog_run_t *run, sv_error_t *error)
{
    sv_catalog_state_t *state = run->state;
    int64_t began_ms = sv_clock_monotonic_ms();
    sv_catalog_base_t base = { .build = sv_search_build_create(run->now_ms),
                               .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free) };
    char name[SV_CATALOG_NAME_SIZE];

    run->since_ms = run->now_ms - SV_SINCE_REACH_MS;
    if (sv_catalog_read(run, sv_doc_new(run->arena), sv_catalog_take_base, &base, error) == SV_OK &&
        sv_catalog_write_file(run, base.build, "base", name, error) == SV_OK) {
        g_strlcpy(state->base, name, sizeof(state->base));
        state->over_file[0] = '\0';
        sv_catalog_write_current(run, error);
    }
    sv_search_build_destroy(base.build);
    if (error->status != SV_OK) {
        state->base[0] = '\0'; /* begins anew */
        g_hash_table_unref(base.seen);
        return error->status;
    }
    g_hash_table_remove_all(state->over);
    sv_catalog_take_seen(state, base.seen);
    state->base_items = run->changed = run->rows;
    state->built_ms = sv_clock_monotonic_ms();
    state->took_ms = state->built_ms - began_ms;
    state->owes_generation = true; /* what changed while nobody looked is not known */
    sv_catalog_tidy(run);
    return SV_OK;
}

/* ---- what lies over it */

static void
sv_catalog_take_change(sv_catalog_run_t *run, const bson_t *item, const char *code, void *context)
{
    if (sv_catalog_note(run, context, item, code)) {
        g_hash_table_replace(run->state->over, g_strdup(code), bson_copy(item));
        run->changed++;
    }
}

static sv_status_t
sv_catalog_make_over(sv_catalog_run_t *run, sv_error_t *error)
{
    sv_search_build_t *build = sv_search_build_create(run->now_ms);
    char name[SV_CATALOG_NAME_SIZE];
    GHashTableIter iter;
    void *document;

    g_hash_table_iter_init(&iter, run->state->over);
    while (g_hash_table_iter_next(&iter, NULL, &document)) {
        sv_catalog_add(build, document);
    }
    if (sv_catalog_write_file(run, build, "over", name, error) == SV_OK) {
        g_strlcpy(run->state->over_file, name, sizeof(run->state->over_file));
        sv_catalog_write_current(run, error);
    }
    sv_search_build_destroy(build);
    return error->status;
}

static bool
sv_catalog_base_is_due(const sv_catalog_state_t *state)
{
    int64_t over = g_hash_table_size(state->over), rest_ms = state->took_ms * SV_REST;
    int64_t most = state->base_items / SV_OVER_SHARE;

    return over > (most > SV_OVER_LEAST ? most : SV_OVER_LEAST) &&
           sv_clock_monotonic_ms() - state->built_ms >= (rest_ms > SV_BASE_EVERY_MS ? rest_ms : SV_BASE_EVERY_MS);
}

/* After an import its items are read again and again, as long as one of them may still be on its way. */
static void
sv_catalog_rest(sv_catalog_state_t *state, int64_t began_ms)
{
    int64_t now_ms = sv_clock_monotonic_ms(), rest_ms = (now_ms - began_ms) * SV_REST;

    state->rests_until_ms = now_ms + (rest_ms < SV_REST_MS ? rest_ms : SV_REST_MS);
}

static sv_status_t
sv_catalog_follow(sv_catalog_run_t *run, sv_error_t *error)
{
    sv_catalog_state_t *state = run->state;
    int64_t began_ms = sv_clock_monotonic_ms();
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    bson_t *filter = sv_doc_take(
        BCON_NEW("updated_at", "{", "$gte", BCON_DATE_TIME(state->mark_ms - SV_SINCE_REACH_MS), "}"), run->arena);

    if (sv_catalog_read(run, filter, sv_catalog_take_change, seen, error) != SV_OK) {
        g_hash_table_unref(seen); /* what was read of it is read again */
        return error->status;
    }
    sv_catalog_take_seen(state, seen);
    state->owes_generation |= run->changed > 0;
    sv_catalog_rest(state, began_ms);
    if (sv_catalog_base_is_due(state)) {
        run->rows = 0;
        return sv_catalog_make_base(run, error);
    }
    return run->changed > 0 ? sv_catalog_make_over(run, error) : SV_OK;
}

/* Another worker's base, or none: what this one has seen is worth nothing. */
static bool
sv_catalog_is_ours(const sv_catalog_run_t *run)
{
    char base[SV_CATALOG_NAME_SIZE], over[SV_CATALOG_NAME_SIZE];

    return run->state->base[0] != '\0' && sv_catalog_read_current(run->dir, base, over, run->arena) &&
           strcmp(base, run->state->base) == 0;
}

static sv_status_t
sv_catalog_pay_generation(sv_catalog_state_t *state, sv_redis_client_t *redis, sv_error_t *error)
{
    sv_redis_command_t command;
    redisReply *reply;

    if (!state->owes_generation) {
        return SV_OK;
    }
    sv_items_changed_command(&command, error->arena);
    if (sv_redis_client_run(redis, &command, &reply, error) == SV_OK) {
        freeReplyObject(reply);
        state->owes_generation = false;
    }
    return error->status;
}

sv_status_t
sv_catalog_round(sv_store_t *store, sv_redis_client_t *redis, int64_t *changed, sv_error_t *error)
{
    sv_catalog_state_t *state =
        sv_store_pool_keep(store->pool, SV_POOL_KEEPS_CATALOG_BUILD, sv_catalog_state_create, sv_catalog_state_destroy);
    sv_catalog_run_t run = {
        .store = store, .state = state, .dir = sv_catalog_dir(store->settings, error->arena), .arena = error->arena
    };
    sv_status_t status;

    *changed = 0;
    if (sv_clock_monotonic_ms() < state->rests_until_ms) {
        return sv_catalog_pay_generation(state, redis, error);
    }
    status = sv_store_now(store, &run.now_ms, error);
    if (status == SV_OK) {
        status = sv_catalog_is_ours(&run) ? sv_catalog_follow(&run, error) : sv_catalog_make_base(&run, error);
    }
    if (status == SV_OK) {
        state->mark_ms = run.now_ms;
        *changed = run.changed;
    }
    /* also when a file could not be written: the cache must not outlive what it was made from */
    if (status != SV_OK) {
        sv_error_t own;

        sv_error_init(&own, error->arena);
        sv_catalog_pay_generation(state, redis, &own);
        return status;
    }
    return sv_catalog_pay_generation(state, redis, error);
}
