#ifndef SV_SYNC_CONFLICT_STEP_H
#define SV_SYNC_CONFLICT_STEP_H

#include "core/migrate/migrate.h"

/* The version before kept one conflict a record, type and revision, whoever sent it: its unique index goes. */
sv_status_t sv_conflict_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_conflict_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
