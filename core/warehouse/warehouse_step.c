#include "core/warehouse/warehouse_step.h"

#include "core/warehouse/warehouse.h"

sv_status_t
sv_warehouse_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    int64_t unknown = 0;
    sv_status_t status = sv_warehouses_learn(store, true, &unknown, error);

    *due = unknown > 0;
    return status;
}

/* There are few warehouses: one chunk has them all. */
sv_status_t
sv_warehouse_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    sv_status_t status = sv_warehouses_learn(chunk->store, chunk->dry_run, &chunk->changed, error);

    chunk->seen = chunk->changed;
    return status;
}
