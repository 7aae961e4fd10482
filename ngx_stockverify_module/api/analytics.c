#include "core/oversight/analytics.h"

#include "core/warehouse/day_zone.h"
#include "ngx_stockverify_module/handlers.h"

/* GET /api/sessions/analytics: what counting brought, and how fast it went. */

enum { SV_ANALYTICS_TEXT_MAX = 128, SV_ANALYTICS_DAYS = 30, SV_DAY_MS = 86400000 };

static bool
sv_analytics_tolerance(sv_call_t *call, sv_quantity_t *tolerance)
{
    const char *text = sv_call_query(call, "tolerance");

    *tolerance = SV_QUANTITY_ONE;
    return text == NULL ||
           (sv_quantity_from_text(text, tolerance) && *tolerance >= 0 && *tolerance <= 100 * SV_QUANTITY_ONE) ||
           sv_call_wrong_parameter(call, "tolerance", "out_of_range", "must be 0 to 100, in per cent of the book");
}

static bool
sv_analytics_query_read(sv_call_t *call, sv_analytics_query_t *query)
{
    const char *zone_of;
    int group_by;
    int64_t now_ms;

    if (!sv_call_query_place(call, "warehouse", &query->warehouse) ||
        !sv_call_query_identifier(call, "count_id", SV_ANALYTICS_TEXT_MAX, &query->count_id) ||
        !sv_call_query_choice(call, "group_by", sv_analytics_groups, &group_by) ||
        !sv_analytics_tolerance(call, &query->tolerance)) {
        return false;
    }
    query->group_by = group_by < 0 ? SV_BY_WAREHOUSE : (sv_analytics_group_t) group_by;
    query->zone = sv_call_query(call, "tz");
    zone_of = query->warehouse;
    if (sv_day_zone_warehouse(call->store, query->count_id, call->arena, &zone_of, &call->error) != SV_OK ||
        !sv_call_query_range(call, zone_of, &query->from_ms, &query->to_ms)) {
        return false;
    }
    if (query->count_id == NULL && query->from_ms == 0) {
        if (query->to_ms == 0 && sv_store_now(call->store, &now_ms, &call->error) != SV_OK) {
            return false;
        }
        query->from_ms = (query->to_ms != 0 ? query->to_ms : now_ms) - SV_ANALYTICS_DAYS * (int64_t) SV_DAY_MS;
    }
    return true;
}

void
sv_step_analytics(sv_call_t *call)
{
    sv_analytics_query_t query = { 0 };

    if (sv_analytics_query_read(call, &query)) {
        sv_analytics_write(call->store, &query, &call->json, &call->error);
    }
}
