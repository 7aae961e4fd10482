/* /api/sync/conflicts: what waits for a person to decide. */
#include "core/base/aliases.h"
#include "core/base/mistaken_names.h"
#include "core/floor/lease.h"
#include "core/photos/photo_sent.h"
#include "core/sync/announce.h"
#include "core/sync/conflict.h"
#include "core/sync/conflict_view.h"
#include "ngx_stockverify_module/call.h"

enum { SV_CONFLICT_SESSION_MAX = 320 };

void
sv_step_conflicts(sv_call_t *call)
{
    sv_conflict_query_t query = { 0 };
    static const char *const statuses[] = { "open", "resolved", "pending", NULL }; /* pending: another word for open */
    int status;

    if (!sv_call_query_choice(call, "status", statuses, &status) ||
        !sv_call_query_identifier(call, "session", SV_CONFLICT_SESSION_MAX, &query.session_id) ||
        !sv_call_query_place(call, "warehouse", &query.warehouse) ||
        !sv_call_query_time(call, "since", &query.since_ms) || !sv_call_query_page(call, &query.page)) {
        return;
    }
    query.status = status >= 0 ? statuses[status == 2 ? 0 : status] : NULL;
    sv_json_object(&call->json, NULL);
    sv_conflicts_list(call->store, &call->principal, &query, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_conflict_resolve(sv_call_t *call)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_resolve_t resolve = { .conflict_id = call->params[0] };
    sv_conflict_view_t view;
    sv_resolved_t resolved;
    int action;

    if (fields.object != NULL) {
        sv_aliases_take(SV_ALIASES_OF_RESOLUTION, &fields);
        sv_mistaken_names_refuse(SV_NAMES_OF_RESOLUTION, &fields);
    }
    if (fields.object == NULL || !sv_json_get_choice(&fields, "action", SV_REQUIRED, sv_resolve_actions, &action)) {
        return;
    }
    sv_json_get_object(&fields, "record", SV_OPTIONAL, &resolve.record);
    resolve.action = (sv_resolve_action_t) action;
    if (call->error.status != SV_OK ||
        sv_photo_take_sent(call->store, &call->principal, resolve.record, "photo_proofs", &call->error) != SV_OK ||
        sv_conflict_resolve(call->store, &call->principal, &resolve, &resolved, &call->error) != SV_OK) {
        return;
    }
    if (resolved.session.rearmed) {
        sv_lease_restore_command(sv_call_effect(call), call->arena, call->settings, &resolved.session.facts);
    }
    if (resolved.session.wrote) {
        sv_sync_announce_command(sv_call_effect(call), call->arena, &resolved.session);
    }
    if (sv_conflict_view(call->store, &call->principal, &resolved.conflict, 1, &view, &call->error) != SV_OK) {
        return;
    }
    sv_conflict_write_json(&call->json, NULL, resolved.conflict, &view);
    call->tells_message = true;
}
