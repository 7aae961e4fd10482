#ifndef SV_SPOOL_MARK_H
#define SV_SPOOL_MARK_H

#include "core/store/store.h"

/*
 * Whose a spool is.  A folder of a job that a database does not know may be of another environment that shares the
 * directory by mistake: a staging worker would empty production's.  So the spool has a mark
 * (SPOOL_DIR/stockverify-spool, one line: an id and the database's name) with the id that its database has in
 * `installation`.
 */

/* Checks that the spool is this database's; one without a mark becomes so when it has no files of jobs, or some of jobs
 * that this database knows.  SV_ERR_CONFLICT_STATE, naming both, when it is another's or nobody can tell whose;
 * SV_ERR_UNAVAILABLE when one of them can't be asked. */
sv_status_t sv_spool_claim(sv_store_t *store, sv_error_t *error);

/* The same question, and nothing is written: what a worker would say of the spool.  SV_OK also for a spool without a
 * mark that a worker would take. */
sv_status_t sv_spool_check(sv_store_t *store, sv_error_t *error);

#endif
