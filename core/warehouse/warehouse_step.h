#ifndef SV_WAREHOUSE_STEP_H
#define SV_WAREHOUSE_STEP_H

#include "core/migrate/migrate.h"

/* The migration that makes the warehouses of racks known that were stored before there were any. */
sv_status_t sv_warehouse_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_warehouse_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
