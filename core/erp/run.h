#ifndef SV_ERP_RUN_H
#define SV_ERP_RUN_H

#include "core/base/json_writer.h"
#include "core/erp/intake.h"
#include "core/erp/movement_intake.h"
#include "core/jobs/job.h"

/*
 * Imports from the ERP as they are remembered (erp_runs): one for each job, with how far it came, so that another
 * attempt goes on from there, what it did, and the first SV_ERP_RUN_ERRORS rows it refused.
 */
enum { SV_ERP_RUN_ERRORS = 100 };

typedef struct {
    const char *run_id; /* the job's */
    bool full;
    const char *since;                  /* incremental: from where; NULL in a full one */
    const char *after;                  /* how far an earlier attempt came; "" in the first */
    const char *mark;                   /* and the latest change it saw; NULL: none */
    sv_erp_taken_t before;              /* what earlier attempts did */
    int64_t moved_from_ms, moved_to_ms; /* of which movements are asked for */
} sv_erp_run_t;

/* Asks for an import (kind erp.import, one at a time: two would overwrite what the other has read later).
 * SV_ERR_CONFLICT_STATE when a full one is asked for while one of changes is under way, and the other way round. */
sv_status_t sv_erp_run_request(sv_store_t *store, const sv_principal_t *who, bool full, sv_arena_t *arena,
                               const bson_t **job, bool *created, sv_error_t *error);

/* Begins the job's run, or goes on with it.  An incremental one is full where none was made before. */
sv_status_t sv_erp_run_begin(sv_store_t *store, const sv_job_claim_t *claim, bool full, bool may_go_on,
                             sv_arena_t *arena, sv_erp_run_t *run, sv_error_t *error);
/* What has been stored so far; `errors` (may be NULL) are rows refused since the last note. */
sv_status_t sv_erp_run_note(sv_store_t *store, const sv_erp_run_t *run, const sv_erp_taken_t *taken,
                            const bson_t *errors, sv_error_t *error);
/* What its movements came to. */
sv_status_t sv_erp_run_note_moved(sv_store_t *store, const sv_erp_run_t *run, const sv_erp_moved_t *moved,
                                  const bson_t *errors, sv_error_t *error);
sv_status_t sv_erp_run_end(sv_store_t *store, const sv_erp_run_t *run, int64_t delisted, sv_error_t *error);

#endif
