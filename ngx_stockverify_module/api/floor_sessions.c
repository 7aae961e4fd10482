#include "ngx_stockverify_module/request.h"

#include "core/base/clock.h"
#include "core/base/mistaken_names.h"
#include "core/floor/lease.h"
#include "core/floor/rack_change.h"
#include "core/floor/session_list.h"

/* Floor sessions: lists, figures, completion.  The first two answer for counts too. */

void
sv_step_sessions_active(sv_call_t *call)
{
    sv_session_list_active(call->store, &call->principal, &call->json, call->arena, &call->error);
}

void
sv_step_sessions_history(sv_call_t *call)
{
    sv_page_t page = { 0 };

    if (!sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_session_list_history(call->store, call->principal.user_id, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_session(sv_call_t *call)
{
    sv_session_view_t view;
    int64_t now = 0;

    if (sv_session_view(call->store, &call->principal, call->params[0], SV_VIEW_HEAD, call->arena, &view,
                        &call->error) != SV_OK) {
        return;
    }
    if (view.is_count) {
        sv_count_write_json(&call->json, NULL, &view.count, call->principal.role >= SV_ROLE_SUPERVISOR);
    } else if (sv_store_now(call->store, &now, &call->error) == SV_OK) {
        sv_floor_session_write_json(&call->json, NULL, &view.floor_session, now);
    }
}

void
sv_step_session_records(sv_call_t *call)
{
    sv_session_view_t view;
    sv_page_t page = { 0 };
    int64_t since, after;

    if (!sv_call_query_time(call, "since", &since) ||
        !sv_call_query_int(call, "after", 0, INT64_MAX, -1, &after) || !sv_call_query_page(call, &page) ||
        sv_session_view(call->store, &call->principal, call->params[0], SV_VIEW_FIGURES, call->arena, &view,
                        &call->error) != SV_OK) {
        return;
    }
    if (after >= 0 && (view.is_count || since != 0 || page.cursor != NULL)) {
        sv_fail(&call->error, SV_ERR_PARAMETER_INVALID,
                "after pages the records of a floor session, without since and cursor");
        return;
    }
    sv_json_object(&call->json, NULL);
    if (after >= 0) {
        /* 0 is before the first transaction. */
        sv_session_list_records_after(call->store, &view.floor_session, after > 0 ? after : -1, page.limit, &call->json,
                                      call->arena, &call->error);
    } else {
        sv_session_list_records(call->store, &view, since, &page, &call->json, call->arena, &call->error);
    }
    sv_json_end(&call->json);
}

void
sv_step_session_stats(sv_call_t *call)
{
    sv_session_view_t view;

    if (sv_session_view(call->store, &call->principal, call->params[0], SV_VIEW_FIGURES, call->arena, &view,
                        &call->error) == SV_OK) {
        sv_session_write_stats(call->store, &view, &call->json, call->arena, &call->error);
    }
}

void
sv_step_session_complete(sv_call_t *call)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_rack_change_t change = { .action = SV_RACK_COMPLETE, .who = &call->principal, .session_id = call->params[0] };
    sv_rack_change_result_t result;

    if (fields.object == NULL) {
        return;
    }
    sv_json_get_int(&fields, "records", SV_OPTIONAL, 0, INT32_MAX, &change.records);
    sv_mistaken_names_refuse(SV_NAMES_OF_COMPLETION, &fields);
    if (call->error.status != SV_OK ||
        sv_rack_change(call->store, &change, call->arena, &result, &call->error) != SV_OK) {
        return;
    }
    sv_session_state_command(sv_call_effect(call), call->arena, call->settings, &result.session, result.lock_ttl_s,
                             result.event);
    sv_floor_stats_write_json(&call->json, &result.session, &result.stats);
    call->message = "Session completed";
}
