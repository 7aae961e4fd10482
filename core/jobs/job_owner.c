#include "core/jobs/job_owner.h"

#include "core/auth/account.h"

sv_status_t
sv_job_owner_check(sv_store_t *store, const sv_job_claim_t *claim, sv_arena_t *arena, sv_role_t *role,
                   sv_error_t *error)
{
    sv_account_t account;
    const char *owner = claim->requested_by != NULL ? claim->requested_by : "";
    sv_status_t status = sv_account_load(store, owner, arena, &account, error);

    *role = SV_ROLE_ANYONE;
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    if (status != SV_OK) {
        return status;
    }
    if (!account.enabled || (claim->kind != NULL && account.role < claim->kind->role)) {
        return sv_fail(error, SV_ERR_FORBIDDEN, "Who asked for it may do so no longer");
    }
    *role = account.role;
    return SV_OK;
}
