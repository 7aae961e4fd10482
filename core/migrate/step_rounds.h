#ifndef SV_STEP_ROUNDS_H
#define SV_STEP_ROUNDS_H

#include "core/migrate/migrate.h"

/*
 * Rounds and standings.  The version before counted floor sessions as rounds, and said by two flags that a record gave
 * way; so the parts of somebody who handed a rack over were lost.  Rack by rack of each count, in a transaction that
 * fences as a supervisor's decision does: sessions get the round they belong to, records their standing.  Totals stay
 * as they are, except where parts of a hand-over had been lost.
 */
sv_status_t sv_step_rounds_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_step_rounds_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
