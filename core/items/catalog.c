#include "core/items/catalog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/clock.h"

/* An index as it was opened; its last user closes it. */
typedef struct {
    unsigned users; /* under the catalog's lock */
    bool has_over;
    sv_search_index_t base, over;
} sv_catalog_view_t;

struct sv_catalog_s {
    pthread_mutex_t lock;
    int64_t looked_ms; /* monotonic; 0: never */
    struct stat seen;  /* `current` as it was when `view` was opened */
    sv_catalog_view_t *view;
};

const char *
sv_catalog_dir(const sv_settings_t *settings, sv_arena_t *arena)
{
    return settings->search_dir[0] != '\0' ? settings->search_dir
                                           : sv_arena_printf(arena, "%s/search", settings->spool_dir);
}

void *
sv_catalog_create(void)
{
    sv_catalog_t *catalog = calloc(1, sizeof(*catalog));

    if (catalog != NULL) {
        pthread_mutex_init(&catalog->lock, NULL);
    }
    return catalog;
}

static void
sv_catalog_view_close(sv_catalog_view_t *view)
{
    sv_search_index_close(&view->base);
    if (view->has_over) {
        sv_search_index_close(&view->over);
    }
    free(view);
}

/* Under the lock; what is to be closed is returned, for after it. */
static sv_catalog_view_t *
sv_catalog_view_leave(sv_catalog_view_t *view)
{
    return view != NULL && --view->users == 0 ? view : NULL;
}

void
sv_catalog_destroy(void *kept)
{
    sv_catalog_t *catalog = kept;

    if (catalog != NULL) {
        if (catalog->view != NULL) {
            sv_catalog_view_close(catalog->view);
        }
        pthread_mutex_destroy(&catalog->lock);
        free(catalog);
    }
}

/* A name of ours leads nowhere else. */
static bool
sv_catalog_name_read(FILE *file, char name[SV_CATALOG_NAME_SIZE])
{
    if (fgets(name, SV_CATALOG_NAME_SIZE, file) == NULL) {
        return false;
    }
    name[strcspn(name, "\n")] = '\0';
    return strchr(name, '/') == NULL;
}

bool
sv_catalog_read_current(const char *dir, char base[SV_CATALOG_NAME_SIZE], char over[SV_CATALOG_NAME_SIZE],
                        sv_arena_t *arena)
{
    FILE *file = fopen(sv_arena_printf(arena, "%s/%s", dir, SV_CATALOG_CURRENT), "re");
    bool read;

    if (file == NULL) {
        return false;
    }
    over[0] = '\0';
    read = sv_catalog_name_read(file, base) && sv_catalog_name_read(file, over) && base[0] != '\0';
    fclose(file);
    return read;
}

static sv_catalog_view_t *
sv_catalog_view_open(const char *dir, sv_arena_t *arena)
{
    char base[SV_CATALOG_NAME_SIZE], over[SV_CATALOG_NAME_SIZE];
    sv_catalog_view_t *view = calloc(1, sizeof(*view));
    sv_error_t error;

    sv_error_init(&error, arena);
    if (view == NULL || !sv_catalog_read_current(dir, base, over, arena) ||
        sv_search_index_open(sv_arena_printf(arena, "%s/%s", dir, base), &view->base, &error) != SV_OK) {
        free(view);
        return NULL;
    }
    view->users = 1;
    if (over[0] != '\0') {
        view->has_over = sv_search_index_open(sv_arena_printf(arena, "%s/%s", dir, over), &view->over, &error) == SV_OK;
        if (!view->has_over) {
            sv_catalog_view_close(view);
            return NULL;
        }
    }
    return view;
}

static bool
sv_catalog_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What cannot be opened leaves the view as it is, to be tried again in a second. */
static void
sv_catalog_look(sv_catalog_t *catalog, const char *dir, sv_arena_t *arena)
{
    sv_catalog_view_t *view, *old;
    struct stat now;

    if (stat(sv_arena_printf(arena, "%s/%s", dir, SV_CATALOG_CURRENT), &now) != 0 ||
        sv_catalog_is_same(&now, &catalog->seen) || (view = sv_catalog_view_open(dir, arena)) == NULL) {
        return;
    }
    pthread_mutex_lock(&catalog->lock);
    old = sv_catalog_view_leave(catalog->view);
    catalog->view = view;
    catalog->seen = now;
    pthread_mutex_unlock(&catalog->lock);
    if (old != NULL) {
        sv_catalog_view_close(old);
    }
}

/* `seen` is only ever used by the thread whose turn it is to look: there is one at a time, because looking takes less
 * than what lies between two turns, or the turn is not given away before it is over. */
static bool
sv_catalog_takes_turn(sv_catalog_t *catalog, int64_t now_ms)
{
    bool mine;

    pthread_mutex_lock(&catalog->lock);
    mine = catalog->looked_ms >= 0 && (catalog->looked_ms == 0 || now_ms - catalog->looked_ms >= SV_CATALOG_LOOK_MS);
    if (mine) {
        catalog->looked_ms = -1; /* somebody looks */
    }
    pthread_mutex_unlock(&catalog->lock);
    return mine;
}

static sv_catalog_view_t *
sv_catalog_enter(sv_catalog_t *catalog, const char *dir, sv_arena_t *arena)
{
    int64_t now_ms = sv_clock_monotonic_ms();
    sv_catalog_view_t *view;

    if (sv_catalog_takes_turn(catalog, now_ms)) {
        sv_catalog_look(catalog, dir, arena);
        pthread_mutex_lock(&catalog->lock);
        catalog->looked_ms = now_ms;
        pthread_mutex_unlock(&catalog->lock);
    }
    pthread_mutex_lock(&catalog->lock);
    view = catalog->view;
    if (view != NULL) {
        view->users++;
    }
    pthread_mutex_unlock(&catalog->lock);
    return view;
}

size_t
sv_catalog_search(sv_catalog_t *catalog, const sv_settings_t *settings, const char *text, size_t limit,
                  sv_arena_t *arena, sv_search_hit_t **hits, bool *ready)
{
    sv_catalog_view_t *view =
        catalog == NULL ? NULL : sv_catalog_enter(catalog, sv_catalog_dir(settings, arena), arena);
    size_t count;

    *ready = view != NULL;
    if (view == NULL) {
        return 0;
    }
    count = sv_search_run(&view->base, view->has_over ? &view->over : NULL, text, limit, arena, hits);
    pthread_mutex_lock(&catalog->lock);
    view = sv_catalog_view_leave(view);
    pthread_mutex_unlock(&catalog->lock);
    if (view != NULL) {
        sv_catalog_view_close(view);
    }
    return count;
}
