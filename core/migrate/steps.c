#include "core/migrate/migrate.h"

/* New steps go to the end. */
const sv_migration_step_t sv_migration_steps[] = {
    { NULL, NULL, NULL, NULL },
};
