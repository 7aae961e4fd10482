#ifndef SV_SERIAL_STEP_H
#define SV_SERIAL_STEP_H

#include "core/migrate/migrate.h"

/*
 * The migration of serial numbers that are one whatever the case of their letters (serial_key.h): each document gets
 * its key; of those that fold together the one that is somewhere keeps it, and the others are marked with `folds_with`,
 * the number they fold with, and told in the log.  Then the unique indexes on the number as it is spelt are dropped.
 */
sv_status_t sv_serial_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_serial_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
