#ifndef SV_JOB_OWNER_H
#define SV_JOB_OWNER_H

#include "core/jobs/job.h"

/* Whether who asked for the job may still have it done, by their account as it stands now: a role that is taken while
 * the job waits is taken from the job, too.  SV_ERR_FORBIDDEN when not.  `role` is the account's; SV_ROLE_ANYONE when
 * there is none, because the system itself asked (a host's operator, the clock of the ERP's import). */
sv_status_t sv_job_owner_check(sv_store_t *store, const sv_job_claim_t *claim, sv_arena_t *arena, sv_role_t *role,
                               sv_error_t *error);

#endif
