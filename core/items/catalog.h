#ifndef SV_CATALOG_H
#define SV_CATALOG_H

#include "core/search/query.h"
#include "core/settings/settings.h"

/*
 * The search index of the master as files in SEARCH_DIR: `current` names a base file and one laid over it, both
 * complete and never changed.  A worker writes new ones beside the old (catalog_build.h), which stay for
 * SV_CATALOG_KEEP_MS, so that nobody loses what is mapped, on a folder that hosts share neither; then `current` is
 * replaced by rename.
 *
 * A reader belongs to a pool of clients (sv_store_pool_keep) and is used by all its threads.  Every second at most one
 * of them looks whether `current` is another.
 */
enum { SV_CATALOG_KEEP_MS = 600000, SV_CATALOG_LOOK_MS = 1000 };

#define SV_CATALOG_CURRENT "current"

/* SEARCH_DIR, or the folder `search` of the spool. */
const char *sv_catalog_dir(const sv_settings_t *settings, sv_arena_t *arena);

typedef struct sv_catalog_s sv_catalog_t;

/* sv_catalog_t, as sv_store_pool_keep() wants it. */
void *sv_catalog_create(void);
void sv_catalog_destroy(void *catalog);

/* Items whose names, codes or words are like the text, the best first; *ready false: there is no index yet.  On any
 * thread but an event loop's. */
size_t sv_catalog_search(sv_catalog_t *catalog, const sv_settings_t *settings, const char *text, size_t limit,
                         sv_arena_t *arena, sv_search_hit_t **hits, bool *ready);

/* The two names in `current`: false when there is none, or it is none of ours.  `over` may be "". */
enum { SV_CATALOG_NAME_SIZE = 64 };
bool sv_catalog_read_current(const char *dir, char base[SV_CATALOG_NAME_SIZE], char over[SV_CATALOG_NAME_SIZE],
                             sv_arena_t *arena);

#endif
