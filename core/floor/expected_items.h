#ifndef SV_EXPECTED_ITEMS_H
#define SV_EXPECTED_ITEMS_H

#include "core/auth/principal.h"
#include "core/floor/floor.h"
#include "core/store/page.h"

/* A page of what the books expect on a rack, and of what was counted there though nobody expected it, by item code,
 * with what a phone needs to recognise the items and with what the round under way has of each (round_figures.h).  With
 * `since_ms`, what changed at or after it (on the rack, in the master, or counted), tombstones included: a page may
 * then be shorter than its limit.  Staff get no book quantity while a blind count is open in the rack's warehouse, and
 * `blind: true` says so.  Writes members into an object that is open.  SV_ERR_NOT_FOUND: no such rack.
 * `etag` (in the arena) changes with what the page says; where the next walk begins is no part of it. */
sv_status_t
sv_expected_items_list(sv_store_t *store, const sv_principal_t *who, const char *rack_id, int64_t since_ms,
                       sv_page_t *page, sv_json_writer_t *w, const char **etag, sv_arena_t *arena, sv_error_t *error);

#endif
