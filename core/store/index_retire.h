#ifndef SV_INDEX_RETIRE_H
#define SV_INDEX_RETIRE_H

#include "core/store/store.h"

/* Indexes that an earlier version made and that stand in the way of this one: only a migration drops them, by name.
 * Outside a transaction. */
sv_status_t sv_index_is_there(sv_store_t *store, sv_collection_t collection, const char *name, bool *there,
                              sv_error_t *error);
/* One that is not there is no error. */
sv_status_t sv_index_retire(sv_store_t *store, sv_collection_t collection, const char *name, sv_error_t *error);

#endif
