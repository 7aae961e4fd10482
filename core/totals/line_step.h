#ifndef SV_TOTALS_LINE_STEP_H
#define SV_TOTALS_LINE_STEP_H

#include "core/migrate/migrate.h"

/*
 * The version before kept of a line what was counted, and not how it stands for the one who closes the count: such lines
 * have no state, no version and no variance of their own, and bar the approval as if a rack of them were open.  The
 * worker derives them anew.
 */
sv_status_t sv_line_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_line_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
