#include "core/report/query/long_read.h"

/* Of a kind that this release does not know. */
enum { SV_LONG_READ_S = 7200 };

sv_status_t
sv_long_read(const sv_settings_t *settings, const sv_job_claim_t *claim, sv_long_read_t read, void *context,
             sv_error_t *error)
{
    int64_t limit_s = claim->kind != NULL ? claim->kind->time_limit_s : SV_LONG_READ_S;
    sv_store_pool_t *pool = sv_store_pool_create_limited(settings, 1, limit_s * 1000, error);
    sv_store_t *store;
    sv_status_t status;

    if (pool == NULL) {
        return error->status;
    }
    store = sv_store_acquire(pool);
    status =
        store != NULL ? read(store, context, error) : sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client for reading");
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    return status;
}
