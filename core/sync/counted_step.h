#ifndef SV_COUNTED_STEP_H
#define SV_COUNTED_STEP_H

#include "core/migrate/migrate.h"

/*
 * The version before did not note when a figure was counted (`counted_at`), only when it was stored last.  That is what
 * such records are given, or they would be on nobody's day.
 */
sv_status_t sv_counted_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_counted_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
