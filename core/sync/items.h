#ifndef SV_SYNC_ITEMS_H
#define SV_SYNC_ITEMS_H

#include "core/floor/floor.h"
#include "core/store/store.h"
#include "core/sync/item_cache.h"
#include "core/sync/record.h"

/* Gives every record without a fault the rules of its item; asks the database only for items the
 * cache does not remember.  Sets *faults when a record got one.
 *
 * A record of a code that is no item's is `unknown`: it counts under that code, for a person to decide about.  An item
 * that was taken out of the master data is still an item: what stands there is counted against its book. */
sv_status_t sv_items_check(sv_store_t *store, sv_item_cache_t *cache, sv_record_t *records, size_t count, bool *faults,
                           sv_error_t *error);

/* Once its floor session is known: which lot's figure the record is, by what the master said when its count began. */
void sv_items_settle_lot(sv_record_t *record, const sv_floor_session_t *session);

#endif
