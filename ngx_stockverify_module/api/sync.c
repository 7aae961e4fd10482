/* What stores figures: POST /api/sync/batch, POST /api/racks/{rack_id}/empty */
#include "core/base/json_reader.h"
#include "core/photos/photo_sent.h"
#include "core/sync/batch.h"
#include "core/sync/declare_empty.h"
#include "ngx_stockverify_module/api/sync_effects.h"
#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/sync_metrics.h"

enum { SV_ITEM_CODE_MAX = 128 };

void
sv_step_sync_batch(sv_call_t *call)
{
    const json_t *body = sv_call_body_list_loosely(call, SV_BATCH_RECORDS, SV_BATCH_RECORDS);
    sv_sync_batch_t batch;
    sv_sync_result_t result;

    if (body == NULL ||
        sv_photos_take_sent(call->store, &call->principal, body, SV_BATCH_RECORDS, "photo_proofs", &call->error) !=
            SV_OK ||
        sv_sync_parse(body, call->settings, &batch, &call->error) != SV_OK ||
        sv_sync_batch(call->store, &call->principal, &batch, &result, &call->error) != SV_OK) {
        return;
    }
    sv_metrics_sync_verdicts(result.ok, result.conflicts, result.errors);
    sv_sync_effects(call, result.sessions, result.session_count);
    sv_sync_result_write_json(&call->json, &result);
}

void
sv_step_rack_empty(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    sv_emptying_t emptying = { .rack_id = call->params[0] };
    sv_emptied_t emptied;

    if (body == NULL) {
        return;
    }
    sv_json_get_identifier(&fields, "session_id", SV_REQUIRED, SV_SESSION_ID_MAX, &emptying.session_id);
    emptying.all = !sv_json_get_identifiers(&fields, "item_codes", SV_OPTIONAL, SV_EMPTY_MAX_ITEMS, SV_ITEM_CODE_MAX,
                                            call->arena, &emptying.item_codes, &emptying.item_count);
    if (call->error.status != SV_OK ||
        sv_declare_empty(call->store, &call->principal, &emptying, &emptied, &call->error) != SV_OK) {
        return;
    }
    sv_sync_effects(call, &emptied.session, 1);
    sv_emptied_write_json(&call->json, &emptied);
}
