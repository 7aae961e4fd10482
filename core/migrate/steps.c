#include "core/migrate/migrate.h"
#include "core/warehouse/warehouse_step.h"

/* New steps go to the end. */
const sv_migration_step_t sv_migration_steps[] = {
    { "warehouses", "makes the warehouses of racks known", sv_warehouse_step_is_due, sv_warehouse_step_run },
    { NULL, NULL, NULL, NULL },
};
