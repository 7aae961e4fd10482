#include "core/sync/conflict_step.h"

#include "core/store/index_retire.h"

static const char sv_retired_index[] = "record_type_revision";

sv_status_t
sv_conflict_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    return sv_index_is_there(store, SV_COLLECTION_SYNC_CONFLICTS, sv_retired_index, due, error);
}

sv_status_t
sv_conflict_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    bool there;

    if (sv_index_is_there(chunk->store, SV_COLLECTION_SYNC_CONFLICTS, sv_retired_index, &there, error) != SV_OK) {
        return error->status;
    }
    chunk->seen = 1;
    chunk->changed = there;
    return there && !chunk->dry_run
               ? sv_index_retire(chunk->store, SV_COLLECTION_SYNC_CONFLICTS, sv_retired_index, error)
               : SV_OK;
}
