#include "core/counts/count_list.h"
#include "core/floor/rack_list.h"
#include "core/oversight/oversight.h"
#include "ngx_stockverify_module/call.h"

/* What supervisors watch: /api/admin/kpis, /active-users, /activity, /alerts, and all of it as a page, /dashboard. */

enum { SV_DASHBOARD_ACTIVITY = 20 };

void
sv_step_kpis(sv_call_t *call)
{
    const char *warehouse;

    if (sv_call_query_place(call, "warehouse", &warehouse)) {
        sv_oversight_kpis_write(call->store, warehouse, &call->json, NULL, &call->error);
    }
}

void
sv_step_active_users(sv_call_t *call)
{
    const char *warehouse;

    if (sv_call_query_place(call, "warehouse", &warehouse)) {
        sv_oversight_people_write(call->store, warehouse, &call->json, NULL, &call->error);
    }
}

void
sv_step_activity(sv_call_t *call)
{
    const char *warehouse;
    sv_page_t page = { 0 };

    if (sv_call_query_place(call, "warehouse", &warehouse) && sv_call_query_page(call, &page)) {
        sv_json_object(&call->json, NULL);
        sv_oversight_activity_write(call->store, warehouse, &page, &call->json, &call->error);
        sv_json_end(&call->json);
    }
}

void
sv_step_alerts(sv_call_t *call)
{
    const char *warehouse;

    if (sv_call_query_place(call, "warehouse", &warehouse)) {
        sv_oversight_alerts_write(call->store, warehouse, &call->json, NULL, &call->error);
    }
}

void
sv_step_dashboard(sv_call_t *call)
{
    sv_json_writer_t *w = &call->json;
    sv_page_t page = { .limit = SV_DASHBOARD_ACTIVITY };
    const char *warehouse;

    if (!sv_call_query_place(call, "warehouse", &warehouse)) {
        return;
    }
    sv_json_object(w, NULL);
    if (sv_oversight_kpis_write(call->store, warehouse, w, "kpis", &call->error) != SV_OK ||
        sv_rack_list_floors(call->store, warehouse, w, "floors", call->arena, &call->error) != SV_OK ||
        sv_count_list_open(call->store, &call->principal, w, "open_counts", call->arena, &call->error) != SV_OK ||
        sv_oversight_people_write(call->store, warehouse, w, "active_users", &call->error) != SV_OK ||
        sv_oversight_alerts_write(call->store, warehouse, w, "alerts", &call->error) != SV_OK) {
        return;
    }
    sv_json_object(w, "activity");
    sv_oversight_activity_write(call->store, warehouse, &page, w, &call->error);
    sv_json_end(w);
    sv_json_end(w);
}
