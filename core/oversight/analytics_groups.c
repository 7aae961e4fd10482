#include "core/oversight/analytics_groups.h"

#include "core/warehouse/day_zone.h"

static sv_analytics_sums_t *
sv_analytics_group(sv_analytics_t *analytics, const char *warehouse, const char *of)
{
    const char *key = sv_arena_printf(analytics->error->arena, "%s\x02%s", warehouse, of);
    void **place = sv_text_map_put(&analytics->groups, key);

    if (*place == NULL) {
        sv_analytics_sums_t *sums = sv_arena_zalloc(analytics->error->arena, sizeof(*sums));

        sums->key = key;
        sums->warehouse = warehouse[0] != '\0' ? warehouse : NULL;
        sums->of = of;
        *place = sums;
    }
    return *place;
}

static const char *
sv_analytics_day(sv_analytics_t *analytics, const char *warehouse, int64_t at_ms)
{
    void **place = sv_text_map_put(&analytics->zones, warehouse);
    sv_time_bound_t day = { .kind = SV_BOUND_DAY };
    const sv_time_zone_t *zone = NULL;
    char *text = sv_arena_alloc(analytics->error->arena, SV_TIME_TEXT_SIZE);

    if (*place == NULL && sv_day_zone(analytics->store, analytics->query->zone, "tz", warehouse,
                                      analytics->error->arena, &zone, analytics->error) == SV_OK) {
        *place = (void *) zone;
    }
    if (*place == NULL) {
        return NULL;
    }
    day.value = sv_time_zone_day(*place, at_ms);
    sv_time_bound_format(&day, text);
    return text;
}

sv_analytics_sums_t *
sv_analytics_group_of(sv_analytics_t *analytics, const char *warehouse, const char *user_id, const char *floor,
                      int64_t at_ms)
{
    const char *day;

    switch (analytics->query->group_by) {
    case SV_BY_WAREHOUSE:
        return warehouse != NULL ? sv_analytics_group(analytics, warehouse, "") : NULL;
    case SV_BY_STAFF:
        return user_id != NULL ? sv_analytics_group(analytics, "", user_id) : NULL;
    case SV_BY_FLOOR:
        return warehouse != NULL && floor != NULL ? sv_analytics_group(analytics, warehouse, floor) : NULL;
    case SV_BY_DAY:
        day = warehouse != NULL && at_ms > 0 ? sv_analytics_day(analytics, warehouse, at_ms) : NULL;
        return day != NULL ? sv_analytics_group(analytics, "", day) : NULL;
    }
    return NULL;
}

static sv_accuracy_t *
sv_analytics_accuracy(sv_analytics_accuracies_t *accuracies, size_t place, sv_arena_t *arena)
{
    while (accuracies->count <= place) {
        accuracies->of =
            sv_arena_grow(arena, accuracies->of, accuracies->count, &accuracies->capacity, sizeof(accuracies->of[0]));
        accuracies->of[accuracies->count++] = (sv_accuracy_t){ 0 };
    }
    return &accuracies->of[place];
}

void
sv_analytics_note_line(sv_analytics_t *analytics, sv_analytics_sums_t *sums, const sv_variance_row_t *row)
{
    sv_arena_t *arena = analytics->error->arena;
    sv_quantity_t tolerance = analytics->query->tolerance, book_value;
    sv_variance_sum_t *unit = sv_variance_sums_note(&sums->units, row->uom, row->has_variance, row->variance, arena);
    sv_variance_sum_t *currency =
        sv_variance_sums_note(&sums->currencies, row->currency, row->has_value, row->value, arena);

    sums->lines++;
    if (!row->has_variance || !row->has_book) {
        return;
    }
    sv_accuracy_note(&sums->accuracy, row->system_qty, row->variance, tolerance);
    sv_accuracy_note(sv_analytics_accuracy(&sums->of_units, (size_t) (unit - sums->units.sums), arena), row->system_qty,
                     row->variance, tolerance);
    if (row->has_value && sv_quantity_mul(row->system_qty, row->unit_cost, &book_value)) {
        sv_accuracy_note(
            sv_analytics_accuracy(&sums->of_currencies, (size_t) (currency - sums->currencies.sums), arena), book_value,
            row->value, tolerance);
    }
}
