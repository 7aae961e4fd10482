#ifndef SV_TOUCHED_H
#define SV_TOUCHED_H

#include "core/store/store.h"

/* Has a worker derive the totals of these items in the count anew.  A code may be there several times: deriving takes
 * each once. */
sv_status_t sv_touched_note(sv_store_t *store, const char *count_id, const char *warehouse, const char *const *codes,
                            size_t count, sv_arena_t *arena, sv_error_t *error);

#endif
