#include "core/oversight/analytics.h"

#include <stdlib.h>
#include <string.h>

#include "core/oversight/analytics_sources.h"
#include "core/oversight/names.h"

const char *const sv_analytics_groups[] = { "warehouse", "staff", "floor", "day", NULL };

typedef bool (*sv_accuracy_rate_t)(const sv_accuracy_t *accuracy, int64_t *rate);

static void
sv_analytics_write_rate(sv_json_writer_t *w, const char *name, sv_accuracy_rate_t rate_of,
                        const sv_accuracy_t *accuracy)
{
    int64_t rate;

    if (rate_of(accuracy, &rate)) {
        sv_json_quantity(w, name, rate);
    } else {
        sv_json_null(w, name);
    }
}

static void
sv_analytics_write_sums(sv_json_writer_t *w, const char *name, const char *of, const sv_variance_sums_t *sums,
                        const sv_analytics_accuracies_t *accuracies)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < sums->count; i++) {
        static const sv_accuracy_t none;

        sv_json_object(w, NULL);
        sv_variance_sum_write_members(w, of, &sums->sums[i]);
        sv_analytics_write_rate(w, "accuracy", sv_accuracy_absolute,
                                i < accuracies->count ? &accuracies->of[i] : &none);
        sv_json_end(w);
    }
    sv_json_end(w);
}

static void
sv_analytics_write_group(sv_analytics_t *analytics, sv_json_writer_t *w, const char *name,
                         const sv_analytics_sums_t *sums)
{
    sv_analytics_group_t by = analytics->query->group_by;
    bool is_total = sums == &analytics->total;
    const char *user_id = by == SV_BY_STAFF && !is_total ? sums->of : NULL;

    sv_json_object(w, name);
    sv_json_text(w, "warehouse", sums->warehouse);
    sv_json_text(w, "floor", by == SV_BY_FLOOR && !is_total ? sums->of : NULL);
    sv_json_text(w, "user_id", user_id);
    sv_json_text(w, "full_name", user_id != NULL ? sv_text_map_get(&analytics->names, user_id) : NULL);
    sv_json_text(w, "day", by == SV_BY_DAY && !is_total ? sums->of : NULL);
    sv_json_int(w, "lines", sums->lines);
    sv_json_int(w, "compared", sums->accuracy.lines);
    sv_json_int(w, "hits", sums->accuracy.hits);
    sv_analytics_write_rate(w, "hit_rate", sv_accuracy_hit_rate, &sums->accuracy);
    sv_analytics_write_sums(w, "quantity", "uom", &sums->units, &sums->of_units);
    sv_analytics_write_sums(w, "value", "currency", &sums->currencies, &sums->of_currencies);
    sv_json_int(w, "sessions", sums->sessions);
    sv_json_int(w, "items", sums->speed.verified_items);
    sv_json_int(w, "duration_seconds", sums->speed.duration_seconds);
    if (sums->speed.duration_seconds > 0) {
        sv_json_double(w, "items_per_minute", sv_stats_items_per_minute(&sums->speed));
    } else {
        sv_json_null(w, "items_per_minute");
    }
    sv_json_end(w);
}

static int
sv_analytics_compare(const void *a, const void *b)
{
    const sv_analytics_sums_t *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

static const sv_analytics_sums_t **
sv_analytics_in_order(const sv_analytics_t *analytics)
{
    size_t count = 0;
    const sv_analytics_sums_t **order =
        sv_arena_alloc(analytics->error->arena, (analytics->groups.count + 1) * sizeof(*order));

    for (size_t i = 0; i < analytics->groups.capacity; i++) {
        if (analytics->groups.entries[i].key != NULL) {
            order[count++] = analytics->groups.entries[i].value;
        }
    }
    if (count > 0) {
        qsort(order, count, sizeof(*order), sv_analytics_compare);
    }
    return order;
}

static sv_status_t
sv_analytics_names(sv_analytics_t *analytics, const sv_analytics_sums_t *const *order)
{
    const char **ids = sv_arena_alloc(analytics->error->arena, (analytics->groups.count + 1) * sizeof(*ids));

    if (analytics->query->group_by != SV_BY_STAFF) {
        return SV_OK;
    }
    for (size_t i = 0; i < analytics->groups.count; i++) {
        ids[i] = order[i]->of;
    }
    return sv_names_read(analytics->store, ids, analytics->groups.count, &analytics->names, analytics->error);
}

sv_status_t
sv_analytics_write(sv_store_t *store, const sv_analytics_query_t *query, sv_json_writer_t *w, sv_error_t *error)
{
    sv_analytics_t analytics = { .store = store, .query = query, .error = error };
    const sv_analytics_sums_t **order;

    sv_text_map_init(&analytics.groups, error->arena, 64);
    sv_text_map_init(&analytics.zones, error->arena, 16);
    if (sv_analytics_read_lines(&analytics) != SV_OK || sv_analytics_read_sessions(&analytics) != SV_OK) {
        return error->status;
    }
    order = sv_analytics_in_order(&analytics);
    if (sv_analytics_names(&analytics, order) != SV_OK) {
        return error->status;
    }
    sv_json_object(w, NULL);
    sv_json_text(w, "group_by", sv_analytics_groups[query->group_by]);
    sv_json_time(w, "from", query->from_ms);
    sv_json_time(w, "to", query->to_ms);
    sv_json_quantity(w, "tolerance", query->tolerance);
    sv_json_array(w, "groups");
    for (size_t i = 0; i < analytics.groups.count; i++) {
        sv_analytics_write_group(&analytics, w, NULL, order[i]);
    }
    sv_json_end(w);
    sv_analytics_write_group(&analytics, w, "total", &analytics.total);
    sv_json_end(w);
    return error->status;
}
