/* POST /api/sync/batch */
#include "core/floor/lease.h"
#include "core/sync/announce.h"
#include "core/sync/batch.h"
#include "ngx_stockverify_module/call.h"
#include "ngx_stockverify_module/metrics.h"

/* Redis learns what was stored: leases first, since nobody repeats those. */
static void
sv_sync_effects(sv_call_t *call, const sv_sync_result_t *result)
{
    for (size_t i = 0; i < result->session_count; i++) {
        if (result->sessions[i].rearmed) {
            sv_lease_restore_command(sv_call_effect(call), call->arena, call->settings, &result->sessions[i].facts);
        }
    }
    for (size_t i = 0; i < result->session_count; i++) {
        if (result->sessions[i].wrote) {
            sv_sync_announce_command(sv_call_effect(call), call->arena, &result->sessions[i]);
        }
    }
}

void
sv_step_sync_batch(sv_call_t *call)
{
    const json_t *body = sv_call_body_loosely(call, SV_BATCH_RECORDS);
    sv_sync_batch_t batch;
    sv_sync_result_t result;

    if (body == NULL || sv_sync_parse(body, call->settings, &batch, &call->error) != SV_OK ||
        sv_sync_batch(call->store, &call->principal, &batch, &result, &call->error) != SV_OK) {
        return;
    }
    sv_metrics_sync_verdicts(result.ok, result.conflicts, result.errors);
    sv_sync_effects(call, &result);
    sv_sync_result_write_json(&call->json, &result);
}
