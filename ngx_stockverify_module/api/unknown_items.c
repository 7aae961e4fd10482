/* /api/unknown-items: what was found and is in no master, until somebody knows what it is. */
#include "core/photos/photo_sent.h"
#include "core/unknown/unknown_item.h"
#include "core/unknown/unknown_resolve.h"
#include "core/warehouse/warehouse_code.h"
#include "ngx_stockverify_module/call.h"

enum {
    SV_FIND_NOTE_MAX = 500,
    SV_CREATED = 201
};

void
sv_step_unknown_items(sv_call_t *call)
{
    sv_find_query_t query = { 0 };
    int status;

    if (!sv_call_query_choice(call, "status", sv_unknown_statuses, &status) ||
        !sv_call_query_place(call, "warehouse", &query.warehouse) ||
        !sv_call_query_time(call, "since", &query.since_ms) || !sv_call_query_page(call, &query.page)) {
        return;
    }
    query.status = status >= 0 ? sv_unknown_statuses[status] : NULL;
    sv_json_object(&call->json, NULL);
    sv_finds_list(call->store, &call->principal, &query, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_unknown_item_report(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    const bson_t *stored;
    sv_find_t find;
    bool created;

    if (body == NULL || sv_photo_take_sent(call->store, &call->principal, body, "photos", &call->error) != SV_OK ||
        sv_find_read(body, &find, &call->error) != SV_OK ||
        sv_find_report(call->store, &call->principal, &find, &stored, &created, &call->error) != SV_OK) {
        return;
    }
    call->success_status = created ? SV_CREATED : 0;
    sv_json_object(&call->json, NULL);
    sv_find_write_members(&call->json, stored);
    sv_json_end(&call->json);
}

void
sv_step_unknown_item_resolve(sv_call_t *call)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_unknown_resolve_t resolve = { .unknown_item_id = call->params[0] };
    sv_unknown_resolved_t resolved;
    int action;

    if (fields.object == NULL || !sv_json_get_choice(&fields, "action", SV_REQUIRED, sv_unknown_actions, &action)) {
        return;
    }
    resolve.action = (sv_unknown_action_t) action;
    sv_json_get_identifier(&fields, "item_code", SV_OPTIONAL, SV_FIND_CODE_MAX, &resolve.item_code);
    sv_json_get_text(&fields, "item_name", SV_OPTIONAL, 1, SV_FIND_NAME_MAX, &resolve.item_name);
    sv_json_get_note(&fields, "note", SV_OPTIONAL, SV_FIND_NOTE_MAX, &resolve.note);
    if (call->error.status != SV_OK ||
        sv_unknown_resolve(call->store, &call->principal, &resolve, &resolved, &call->error) != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_find_write_members(&call->json, resolved.find);
    sv_json_int(&call->json, "records", resolved.records);
    sv_json_bool(&call->json, "pending", resolved.pending);
    sv_json_end(&call->json);
}
