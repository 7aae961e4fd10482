#ifndef SV_ITEM_SEARCH_H
#define SV_ITEM_SEARCH_H

#include "core/items/item_view.h"
#include "core/store/page.h"

/* Lists of items, and one item.  On a thread that owns `store`; each writes members of an object that the caller
 * opened. */

enum { SV_ITEM_SEARCH_MAX = 50, SV_ITEM_SEARCH_DEFAULT = 20, SV_ITEM_SEARCH_TEXT_MAX = 256 };

/* Items that have the text as a code, then those like it, by name, code and words: `matches`, and `index`: "ready", or
 * "missing" where only exact codes could be asked for. */
sv_status_t sv_item_search(sv_store_t *store, const char *text, size_t limit, const sv_item_view_t *view,
                           sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* The whole master by pages, for phones: what changed since a time, delisted items too, or (0) all that are not. */
sv_status_t sv_item_list(sv_store_t *store, int64_t since_ms, sv_page_t *page, const sv_item_view_t *view,
                         sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* One item, delisted or not, with `racks`: where it is expected, what the books say of the rack, and what was counted
 * there in the item's latest count (neither where blind).  SV_ERR_ITEM_UNKNOWN. */
sv_status_t sv_item_tell(sv_store_t *store, const char *item_code, const sv_item_view_t *view, sv_json_writer_t *w,
                         sv_arena_t *arena, sv_error_t *error);

#endif
