#include "core/warehouse/day_zone.h"

#include "core/store/document.h"

static void
sv_day_zone_release(void *zone)
{
    sv_time_zone_free(zone);
}

sv_status_t
sv_day_zone(sv_store_t *store, const char *name, const char *field, const char *warehouse, sv_arena_t *arena,
            const sv_time_zone_t **zone, sv_error_t *error)
{
    sv_time_zone_t *opened;

    if (name == NULL) {
        return sv_warehouse_zone(store, warehouse, arena, zone, error);
    }
    opened = sv_time_zone_open(name);
    *zone = opened;
    if (opened == NULL) {
        return sv_fail_field(error, field, "unknown", "%s is no time zone known here", name);
    }
    sv_arena_on_destroy(arena, sv_day_zone_release, opened);
    return SV_OK;
}

sv_status_t
sv_day_zone_warehouse(sv_store_t *store, const char *count_id, sv_arena_t *arena, const char **warehouse,
                      sv_error_t *error)
{
    const bson_t *count = NULL;
    sv_status_t status;

    if (*warehouse != NULL || count_id == NULL) {
        return SV_OK;
    }
    status =
        sv_store_find_one(store, SV_COLLECTION_SESSIONS,
                          sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena), NULL, arena, &count, error);
    *warehouse = count != NULL ? sv_doc_text(count, "warehouse", arena) : NULL;
    return status;
}

sv_status_t
sv_time_range_settle(sv_store_t *store, const sv_time_range_t *range, const char *warehouse, int64_t *from_ms,
                     int64_t *to_ms, sv_error_t *error)
{
    bool days = range->from.kind == SV_BOUND_DAY || range->to.kind == SV_BOUND_DAY;
    const sv_time_zone_t *zone = NULL;

    *from_ms = *to_ms = 0;
    if ((days || range->zone != NULL) &&
        sv_day_zone(store, range->zone, "tz", warehouse, error->arena, &zone, error) != SV_OK) {
        return error->status;
    }
    if (range->from.kind != SV_BOUND_NONE) {
        *from_ms = sv_time_bound_start(&range->from, zone);
    }
    if (range->to.kind != SV_BOUND_NONE) {
        *to_ms = sv_time_bound_end(&range->to, zone);
        if (*to_ms <= *from_ms) {
            return sv_fail_field(error, "to", "out_of_range", "must be after from");
        }
    }
    return SV_OK;
}
