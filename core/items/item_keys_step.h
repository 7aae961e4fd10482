#ifndef SV_ITEM_KEYS_STEP_H
#define SV_ITEM_KEYS_STEP_H

#include "core/migrate/migrate.h"

/* Items of the version before have no `lookup_keys` (item_keys.h): no scan finds them.  A thousand a chunk. */
sv_status_t sv_item_keys_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_item_keys_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
