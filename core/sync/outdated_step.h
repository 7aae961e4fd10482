#ifndef SV_SYNC_OUTDATED_STEP_H
#define SV_SYNC_OUTDATED_STEP_H

#include "core/migrate/migrate.h"

/*
 * The version before kept conflicts of old edits (stale_update) without saying whether a newer edit of the record was
 * stored: each barred the approval of its count for ever.  They are told apart by the record as it is stored.
 */
sv_status_t sv_outdated_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_outdated_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
