#ifndef SV_SEARCH_BUILD_H
#define SV_SEARCH_BUILD_H

#include "core/base/error.h"

/*
 * Makes the file of a search index.  The whole of it is put together in memory (about 250 bytes an item) and written to
 * a name of its own, which then takes the place of `path`: readers that have the old one mapped go on with it.
 *
 * One thread; a builder is destroyed by its owner, after whatever.
 */
typedef struct sv_search_build_s sv_search_build_t;

/* Texts may be NULL, and need to live until the call returns only.  `words` are others that find the item, but less
 * than its name does: brand, description, codes. */
typedef struct {
    const char *item_code;
    const char *name;
    const char *words[4];
} sv_search_item_t;

sv_search_build_t *sv_search_build_create(int64_t made_at_ms);
void sv_search_build_destroy(sv_search_build_t *build); /* NULL is allowed */

void sv_search_build_add(sv_search_build_t *build, const sv_search_item_t *item);
/* For an index laid over an older one: that one's item of this code is not to be told any more.  (One that is added is
 * not either: the added one is.) */
void sv_search_build_remove(sv_search_build_t *build, const char *item_code);

/* Errors: SV_ERR_UNAVAILABLE with the cause (no room, no such folder). */
sv_status_t sv_search_build_write(sv_search_build_t *build, const char *path, sv_error_t *error);

#endif
