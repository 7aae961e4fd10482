#include "core/base/clock.h"
#include "core/oversight/oversight.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/warehouse/day_zone.h"

enum { SV_KPI_HOURS = 24, SV_HOUR_MS = 3600000 };

/* How many documents of a collection have these texts in these fields; a NULL text counts for nothing. */
typedef struct {
    const char *name; /* of the figure */
    sv_collection_t collection;
    const char *field, *value;
} sv_kpi_t;

static bson_t *
sv_kpi_filter(const char *warehouse, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    return filter;
}

static sv_status_t
sv_kpi_write(sv_store_t *store, const char *warehouse, const sv_kpi_t *kpi, sv_json_writer_t *w, sv_error_t *error)
{
    bson_t *filter = sv_kpi_filter(warehouse, error->arena);
    int64_t count = 0;

    BSON_APPEND_UTF8(filter, kpi->field, kpi->value);
    if (kpi->collection == SV_COLLECTION_RACK_REGISTRY) {
        BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    }
    if (sv_store_count(store, kpi->collection, filter, &count, error) == SV_OK) {
        sv_json_int(w, kpi->name, count);
    }
    return error->status;
}

static sv_status_t
sv_kpis_write_counted(sv_store_t *store, const char *warehouse, const char *name, const sv_kpi_t *kpis, size_t count,
                      sv_json_writer_t *w, sv_error_t *error)
{
    sv_json_object(w, name);
    for (size_t i = 0; i < count && error->status == SV_OK; i++) {
        sv_kpi_write(store, warehouse, &kpis[i], w, error);
    }
    sv_json_end(w);
    return error->status;
}

/* Figures that were counted between two times. */
static sv_status_t
sv_kpi_records(sv_store_t *store, const char *warehouse, int64_t from_ms, int64_t to_ms, int64_t *count,
               sv_error_t *error)
{
    bson_t *filter = sv_kpi_filter(warehouse, error->arena);

    sv_filter_span(filter, "counted_at", from_ms, to_ms);
    return sv_store_count(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, count, error);
}

static sv_status_t
sv_kpi_hours_write(sv_store_t *store, const char *warehouse, int64_t now_ms, sv_json_writer_t *w, sv_error_t *error)
{
    int64_t hour = now_ms - now_ms % SV_HOUR_MS - (SV_KPI_HOURS - 1) * (int64_t) SV_HOUR_MS;

    sv_json_array(w, "records_by_hour");
    for (int i = 0; i < SV_KPI_HOURS && error->status == SV_OK; i++, hour += SV_HOUR_MS) {
        int64_t records = 0;

        if (sv_kpi_records(store, warehouse, hour, hour + SV_HOUR_MS, &records, error) == SV_OK) {
            sv_json_object(w, NULL);
            sv_json_time(w, "from", hour);
            sv_json_int(w, "records", records);
            sv_json_end(w);
        }
    }
    sv_json_end(w);
    return error->status;
}

static sv_status_t
sv_kpi_today_write(sv_store_t *store, const char *warehouse, int64_t now_ms, sv_json_writer_t *w, sv_error_t *error)
{
    const sv_time_zone_t *zone;
    int64_t day, records;

    if (sv_day_zone(store, NULL, "tz", warehouse, error->arena, &zone, error) != SV_OK) {
        return error->status;
    }
    day = sv_time_zone_day(zone, now_ms);
    if (sv_kpi_records(store, warehouse, sv_time_zone_day_start(zone, day), sv_time_zone_day_start(zone, day + 1),
                       &records, error) == SV_OK) {
        sv_json_int(w, "records_today", records);
        sv_json_text(w, "time_zone", sv_time_zone_name(zone));
    }
    return error->status;
}

sv_status_t
sv_oversight_kpis_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, const char *name,
                        sv_error_t *error)
{
    static const sv_kpi_t racks[] = {
        { "available", SV_COLLECTION_RACK_REGISTRY, "status", "available" },
        { "claimed", SV_COLLECTION_RACK_REGISTRY, "status", "claimed" },
        { "paused", SV_COLLECTION_RACK_REGISTRY, "status", "paused" },
        { "completed", SV_COLLECTION_RACK_REGISTRY, "status", "completed" },
    };
    static const sv_kpi_t counts[] = {
        { "open", SV_COLLECTION_SESSIONS, "status", "OPEN" },
        { "reconcile", SV_COLLECTION_SESSIONS, "status", "RECONCILE" },
    };
    static const sv_kpi_t waiting[] = {
        { "conflicts", SV_COLLECTION_SYNC_CONFLICTS, "status", "open" },
        { "unknown_items", SV_COLLECTION_UNKNOWN_ITEMS, "status", "open" },
    };
    int64_t now_ms;

    if (sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    sv_json_object(w, name);
    sv_json_time(w, "at", now_ms);
    sv_json_text(w, "warehouse", warehouse);
    sv_kpis_write_counted(store, warehouse, "racks", racks, sizeof(racks) / sizeof(racks[0]), w, error);
    sv_kpis_write_counted(store, warehouse, "counts", counts, sizeof(counts) / sizeof(counts[0]), w, error);
    sv_kpis_write_counted(store, warehouse, "waiting", waiting, sizeof(waiting) / sizeof(waiting[0]), w, error);
    if (error->status == SV_OK && sv_kpi_today_write(store, warehouse, now_ms, w, error) == SV_OK) {
        sv_kpi_hours_write(store, warehouse, now_ms, w, error);
    }
    sv_json_end(w);
    return error->status;
}
