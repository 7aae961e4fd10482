/* What counts found to be more or less than their books say: GET /api/erp/items/variances */
#include "core/verify/variances.h"
#include "core/warehouse/day_zone.h"
#include "ngx_stockverify_module/handlers.h"

enum { SV_VARIANCE_TEXT_MAX = 128 };

static bool
sv_variance_least(sv_call_t *call, const char *name, bool *has, sv_quantity_t *least)
{
    const char *text = sv_call_query(call, name);

    *has = text != NULL;
    return text == NULL || (sv_quantity_from_text(text, least) && *least >= 0) ||
           sv_call_wrong_parameter(call, name, "invalid_format", "must be a quantity, and not negative");
}

static bool
sv_variance_query_read(sv_call_t *call, sv_variance_query_t *query)
{
    const struct {
        const char *name;
        const char **value;
    } texts[] = { { "count_id", &query->count_id }, { "warehouse", &query->warehouse }, { "floor", &query->floor },
                  { "category", &query->category }, { "user", &query->user } };
    const char *zone_of;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!sv_call_query_identifier(call, texts[i].name, SV_VARIANCE_TEXT_MAX, texts[i].value)) {
            return false;
        }
    }
    if (!sv_variance_least(call, "min_qty", &query->has_min_qty, &query->min_qty) ||
        !sv_variance_least(call, "min_value", &query->has_min_value, &query->min_value) ||
        !sv_call_query_choice(call, "sort", sv_variance_sorts, &query->sort) || !sv_call_query_page(call, &query->page)) {
        return false;
    }
    zone_of = query->warehouse;
    if (sv_day_zone_warehouse(call->store, query->count_id, call->arena, &zone_of, &call->error) != SV_OK ||
        !sv_call_query_range(call, zone_of, &query->from_ms, &query->to_ms)) {
        return false;
    }
    query->sort = query->sort < 0 ? 0 : query->sort;
    return true;
}

void
sv_step_variances(sv_call_t *call)
{
    sv_variance_query_t query = { 0 };

    if (sv_variance_query_read(call, &query)) {
        sv_variances_write(call->store, &query, &call->json, call->arena, &call->error);
    }
}
