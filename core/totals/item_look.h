#ifndef SV_ITEM_LOOK_H
#define SV_ITEM_LOOK_H

#include "core/store/store.h"

/*
 * An item as it stands in a count at this moment, before its totals are derived: `erp_item` with the overlay that the
 * next derivation gives it while this count is the one shown.  Reads alone; on a thread that owns `store`.
 * SV_ERR_NOT_FOUND: there is no such count.
 */
sv_status_t sv_item_look(sv_store_t *store, const char *count_id, const bson_t *erp_item, sv_arena_t *arena,
                         const bson_t **shown, sv_error_t *error);

#endif
