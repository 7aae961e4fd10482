/* What verifies items one by one: PATCH /api/erp/items/{item_code}/verify */
#include "core/photos/photo_sent.h"
#include "core/sync/record.h"
#include "core/sync/record_form.h"
#include "core/verify/verify.h"
#include "ngx_stockverify_module/api/sync_effects.h"
#include "ngx_stockverify_module/handlers.h"
#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/sync_metrics.h"

/* What the caller meets, so that the app can ask "replace it?". */
static void
sv_verify_write_refusal(sv_call_t *call, const sv_verified_t *verified)
{
    if (verified->server_record == NULL) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_record_write_member(&call->json, "server_record", verified->server_record);
    sv_json_end(&call->json);
    call->data_with_error = true;
}

void
sv_step_item_verify(sv_call_t *call)
{
    sv_verify_request_t request = { .item_code = call->params[0], .body = sv_call_body(call) };
    sv_verified_t verified;
    sv_status_t status;

    if (request.body == NULL ||
        sv_photo_take_sent(call->store, &call->principal, request.body, "photo_proofs", &call->error) != SV_OK) {
        return;
    }
    status = sv_verify(call->store, &call->principal, &request, &verified, &call->error);
    sv_metrics_sync_verdicts(verified.result.ok, verified.result.conflicts, verified.result.errors);
    sv_sync_effects(call, verified.result.sessions, verified.result.session_count);
    if (status != SV_OK) {
        sv_verify_write_refusal(call, &verified);
        return;
    }
    sv_verified_write_json(&call->json, &verified, call->arena);
    call->message = "Item verified";
}
