#ifndef SV_SPOOL_H
#define SV_SPOOL_H

#include "core/base/arena.h"
#include "core/base/error.h"

/*
 * Where jobs leave their files: SPOOL_DIR/jobs/{job_id}/{attempt}.{extension}, one folder a job.  Each attempt writes
 * under its own number, so one that lost its job cannot touch the file of the one that took over.
 */

/* "jobs/{job_id}/{attempt}.{extension}", below the spool. */
const char *sv_spool_file(const char *job_id, int64_t attempt, const char *extension, sv_arena_t *arena);
/* Makes the job's folder (mode 0750). */
sv_status_t sv_spool_prepare(const char *spool_dir, const char *job_id, sv_error_t *error);
/* Removes the attempt's files. */
void sv_spool_remove_attempt(const char *spool_dir, const char *job_id, int64_t attempt);
/* Removes every file of the job but `keep` (a path below the spool), the one that can be downloaded. */
void sv_spool_clean(const char *spool_dir, const char *job_id, const char *keep);

/* The job's folder goes out of the way, to SPOOL_DIR/graveyard: somebody may be downloading from it, and on a shared
 * folder a file that another host removes breaks off in the middle. */
void sv_spool_bury(const char *spool_dir, const char *job_id);
/* Removes what was buried more than `grace_s` ago. */
void sv_spool_purge(const char *spool_dir, int64_t grace_s);

/* Calls `visit` with the id of each job that has a folder untouched for `idle_s` seconds. */
typedef sv_status_t (*sv_spool_visit_t)(void *context, const char *job_id, sv_error_t *error);
sv_status_t
sv_spool_walk(const char *spool_dir, int64_t idle_s, sv_spool_visit_t visit, void *context, sv_error_t *error);

#endif
