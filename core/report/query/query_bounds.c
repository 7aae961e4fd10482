/* Whole days on times, and bounds that are the wrong way round. */
#include <string.h>

#include "core/base/relative_period.h"
#include "core/report/query/query_plan.h"
#include "core/store/document.h"
#include "core/warehouse/day_zone.h"

sv_time_bound_t
sv_report_filter_bound(const bson_iter_t *value)
{
    sv_time_bound_t bound = { SV_BOUND_NONE, 0 };

    if (BSON_ITER_HOLDS_UTF8(value)) {
        sv_time_bound_parse(bson_iter_utf8(value, NULL), &bound);
    } else {
        bound = (sv_time_bound_t){ SV_BOUND_INSTANT, bson_iter_date_time(value) };
    }
    return bound;
}

bool
sv_report_filter_has_days(const sv_report_filter_t *filter)
{
    bson_iter_t value;

    if (filter->field == NULL || filter->values == NULL || filter->field->type != SV_COLUMN_TIME) {
        return false;
    }
    for (bson_iter_init(&value, filter->values); bson_iter_next(&value);) {
        if (BSON_ITER_HOLDS_UTF8(&value)) {
            return true;
        }
    }
    return false;
}

/* < 0, 0, > 0; of numbers, texts (by their bytes, as MongoDB orders them) and dates. */
static int
sv_bound_order(const bson_iter_t *a, const bson_iter_t *b)
{
    sv_quantity_t x, y;

    if (BSON_ITER_HOLDS_UTF8(a) && BSON_ITER_HOLDS_UTF8(b)) {
        return strcmp(bson_iter_utf8(a, NULL), bson_iter_utf8(b, NULL));
    }
    if (BSON_ITER_HOLDS_DATE_TIME(a) && BSON_ITER_HOLDS_DATE_TIME(b)) {
        return (bson_iter_date_time(a) > bson_iter_date_time(b)) - (bson_iter_date_time(a) < bson_iter_date_time(b));
    }
    if (BSON_ITER_HOLDS_INT64(a) && BSON_ITER_HOLDS_INT64(b)) {
        return (bson_iter_int64(a) > bson_iter_int64(b)) - (bson_iter_int64(a) < bson_iter_int64(b));
    }
    return sv_quantity_from_bson(a, &x) && sv_quantity_from_bson(b, &y) ? (x > y) - (x < y) : 0;
}

static bool
sv_bounds_reversed(const sv_report_query_t *query, const sv_report_filter_t *filter, bool settled)
{
    bson_iter_t first, second;
    sv_time_bound_t from, to;

    if (!bson_iter_init_find(&first, filter->values, "0") || !bson_iter_init_find(&second, filter->values, "1")) {
        return false;
    }
    if (filter->field->type != SV_COLUMN_TIME || bson_iter_type(&first) == bson_iter_type(&second)) {
        return sv_bound_order(&first, &second) > 0;
    }
    from = sv_report_filter_bound(&first);
    to = sv_report_filter_bound(&second);
    /* A day holds its first instant, and not the first of the next. */
    return settled &&
           (to.kind == SV_BOUND_DAY ? sv_time_bound_start(&from, query->zone) >= sv_time_bound_end(&to, query->zone)
                                    : sv_time_bound_start(&from, query->zone) > to.value);
}

sv_status_t
sv_report_query_check_bounds(const sv_report_query_t *query, bool settled, sv_error_t *error)
{
    for (size_t i = 0; i < query->filter_count; i++) {
        const sv_report_filter_t *filter = &query->filters[i];

        if (filter->field != NULL && filter->op != NULL && filter->values != NULL &&
            filter->op->operand == SV_OPERAND_TWO && sv_bounds_reversed(query, filter, settled)) {
            sv_fail_field(error, filter->path, "out_of_range", "%s: the first bound lies behind the second",
                          filter->field->name);
        }
    }
    return error->status;
}

sv_status_t
sv_report_query_warehouse(sv_store_t *store, const sv_report_query_t *query, sv_arena_t *arena, const char **warehouse,
                          sv_error_t *error)
{
    *warehouse = query->warehouse;
    return sv_day_zone_warehouse(store, query->count_id, arena, warehouse, error);
}

/* Which days the periods are, on the day of that instant. */
static sv_status_t
sv_report_query_settle_periods(sv_store_t *store, sv_report_query_t *query, int64_t at_ms, sv_error_t *error)
{
    int64_t first, last;

    if (!query->has_periods || (at_ms == 0 && sv_store_now(store, &at_ms, error) != SV_OK)) {
        return error->status;
    }
    for (size_t i = 0; i < query->filter_count; i++) {
        sv_report_filter_t *filter = &query->filters[i];
        bson_iter_t value;

        if (filter->op->operand == SV_OPERAND_PERIOD && bson_iter_init_find(&value, filter->values, "0") &&
            sv_relative_period_days(bson_iter_utf8(&value, NULL), sv_time_zone_day(query->zone, at_ms), &first,
                                    &last)) {
            filter->from = (sv_time_bound_t){ SV_BOUND_DAY, first };
            filter->to = (sv_time_bound_t){ SV_BOUND_DAY, last };
        }
    }
    return SV_OK;
}

sv_status_t
sv_report_query_settle(sv_store_t *store, sv_report_query_t *query, const char *tz, int64_t at_ms, sv_arena_t *arena,
                       sv_error_t *error)
{
    const char *named = query->tz != NULL ? query->tz : tz, *warehouse;

    if (query->has_days && (sv_report_query_warehouse(store, query, arena, &warehouse, error) != SV_OK ||
                            sv_day_zone(store, named, "tz", warehouse, arena, &query->zone, error) != SV_OK)) {
        return error->status;
    }
    if (sv_report_query_settle_periods(store, query, at_ms, error) != SV_OK) {
        return error->status;
    }
    return sv_report_query_check_bounds(query, true, error);
}

const char *
sv_report_query_zone(const sv_report_query_t *query)
{
    return query->zone != NULL ? sv_time_zone_name(query->zone) : query->tz;
}
