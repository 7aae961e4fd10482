/* What is asked of a schedule: when, for whom, and what it makes, a fixed report or a snapshot. */
#include <string.h>

#include "core/base/mail_address.h"
#include "core/report/delivery/report_schedule.h"
#include "core/report/fixed/fixed.h"
#include "core/report/snapshots/snapshot.h"
#include "core/store/document.h"
#include "core/warehouse/day_zone.h"

enum {
    SV_SCHEDULE_NAME_MAX = SV_SNAPSHOT_NAME_MAX,
    SV_SCHEDULE_CRON_MAX = 200,
    SV_SCHEDULE_ZONE_MAX = 64,
    SV_SCHEDULE_KEEP_MAX = 1000
};

const char sv_schedule_snapshot[] = "snapshot";

static void
sv_recipient_read(const sv_json_fields_t *fields, size_t i, const json_t *value, sv_report_schedule_t *schedule)
{
    const char *field = sv_json_field_path(fields, sv_arena_printf(fields->error->arena, "recipients[%zu]", i));
    const char *address = json_string_value(value);

    if (address == NULL) {
        sv_fail_field(fields->error, field, "wrong_type", "must be a text");
        return;
    }
    if (strlen(address) != json_string_length(value) || !sv_mail_address_valid(address)) {
        sv_fail_field(fields->error, field, "invalid_format", "must be a mail address");
        return;
    }
    for (size_t j = 0; j < schedule->recipient_count; j++) {
        if (strcasecmp(schedule->recipients[j], address) == 0) {
            sv_fail_field(fields->error, field, "duplicate", "stands there twice");
            return;
        }
    }
    schedule->recipients[schedule->recipient_count++] = address;
}

static void
sv_recipients_read(const sv_json_fields_t *fields, sv_report_schedule_t *schedule, sv_arena_t *arena)
{
    const json_t *list;

    schedule->recipients = sv_arena_zalloc(arena, SV_RECIPIENTS_MAX * sizeof(*schedule->recipients));
    if (sv_json_get_array(fields, "recipients", SV_OPTIONAL, SV_RECIPIENTS_MAX, &list)) {
        for (size_t i = 0; i < json_array_size(list); i++) {
            sv_recipient_read(fields, i, json_array_get(list, i), schedule);
        }
    }
}

/* ---- what it makes */

typedef struct {
    sv_store_t *store;
    const sv_json_fields_t *fields;
    sv_role_t role;
    sv_arena_t *arena;
    sv_report_schedule_t *schedule;
    const char *warehouse, *count_id; /* whose days are meant where no zone is named */
} sv_schedule_reading_t;

/* What would be ignored, and so not be what was meant. */
static void
sv_schedule_refuse(const sv_schedule_reading_t *reading, const char *member, const char *why)
{
    const json_t *value = json_object_get(reading->fields->object, member);

    if (value != NULL && !json_is_null(value)) {
        sv_fail_field(reading->fields->error, member, "not_allowed", "%s", why);
    }
}

static void
sv_schedule_read_report(sv_schedule_reading_t *reading)
{
    static const char *const others[] = { "query", "query_id", "description", "tags", "keep" };
    sv_fixed_request_t request;

    sv_json_get_text(reading->fields, "name", SV_REQUIRED, 1, SV_SCHEDULE_NAME_MAX, &reading->schedule->name);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        sv_schedule_refuse(reading, others[i], "is a snapshot's");
    }
    if (sv_fixed_request_read(reading->fields->object, NULL, reading->role, reading->arena, &request,
                              reading->fields->error)) {
        reading->schedule->type = request.report->job_type;
        reading->schedule->params = sv_fixed_request_to_bson(&request, reading->arena);
        reading->warehouse = request.filters.warehouse;
        reading->count_id = request.filters.count_id;
    }
}

static void
sv_schedule_read_snapshot(sv_schedule_reading_t *reading)
{
    const sv_json_fields_t *fields = reading->fields;
    const sv_format_t *format = sv_format_read(fields, reading->arena);
    const json_t *query = json_object_get(fields->object, "query");
    sv_snapshot_wanted_t wanted;
    sv_format_options_t options;
    int64_t keep = 0;
    bson_t *params;

    sv_format_options_read(fields, format, &options);
    sv_json_get_int(fields, "keep", SV_OPTIONAL, 1, SV_SCHEDULE_KEEP_MAX, &keep);
    sv_schedule_refuse(reading, "filters", "a snapshot's stand in its query");
    if (json_object_get(query, "tz") != NULL) {
        sv_fail_field(fields->error, "query.tz", "not_allowed", "stands in time_zone: days are those of the schedule");
    }
    if (!sv_snapshot_wanted_read(reading->store, fields, reading->arena, &wanted)) {
        return;
    }
    if (wanted.query_id != NULL && sv_doc_has(wanted.query, "tz")) {
        sv_fail_field(fields->error, "query_id", "not_allowed",
                      "names a zone, which stands in time_zone: days are those of the schedule");
        return;
    }
    params = sv_snapshot_params(&wanted, wanted.query_id != NULL, reading->arena);
    if (keep > 0) {
        BSON_APPEND_INT64(params, "keep", keep);
    }
    sv_format_options_append(params, format, &options);
    reading->schedule->name = wanted.name;
    reading->schedule->type = "snapshot.create";
    reading->schedule->params = params;
    reading->warehouse = wanted.warehouse;
}

/* Every type that a schedule may have, a snapshot the last. */
static bool
sv_schedule_read_type(const sv_schedule_reading_t *reading, bool *snapshot)
{
    const char *const *reports = sv_fixed_types(reading->arena);
    const char **words;
    size_t count = 0;
    int index;

    while (reports[count] != NULL) {
        count++;
    }
    words = sv_arena_zalloc(reading->arena, (count + 2) * sizeof(words[0]));
    memcpy(words, reports, count * sizeof(words[0]));
    words[count] = sv_schedule_snapshot;
    if (!sv_json_get_choice(reading->fields, "type", SV_REQUIRED, words, &index)) {
        return false;
    }
    *snapshot = (size_t) index == count;
    return true;
}

/* Those of the warehouse that it is about. */
static sv_status_t
sv_schedule_default_zone(sv_schedule_reading_t *reading)
{
    sv_error_t *error = reading->fields->error;
    const sv_time_zone_t *zone;

    if (sv_day_zone_warehouse(reading->store, reading->count_id, reading->arena, &reading->warehouse, error) == SV_OK &&
        sv_warehouse_zone(reading->store, reading->warehouse, reading->arena, &zone, error) == SV_OK) {
        reading->schedule->time_zone = sv_time_zone_name(zone);
    }
    return error->status;
}

bool
sv_report_schedule_read(sv_store_t *store, const json_t *body, sv_role_t role, sv_arena_t *arena,
                        sv_report_schedule_t *schedule, sv_error_t *error)
{
    sv_json_fields_t fields = { .object = body, .path = "", .error = error };
    sv_schedule_reading_t reading = {
        .store = store, .fields = &fields, .role = role, .arena = arena, .schedule = schedule
    };
    bool snapshot = false;

    memset(schedule, 0, sizeof(*schedule));
    schedule->enabled = true;
    sv_json_get_text(&fields, "cron", SV_REQUIRED, 1, SV_SCHEDULE_CRON_MAX, &schedule->cron);
    sv_json_get_identifier(&fields, "time_zone", SV_OPTIONAL, SV_SCHEDULE_ZONE_MAX, &schedule->time_zone);
    sv_json_get_bool(&fields, "enabled", SV_OPTIONAL, &schedule->enabled);
    sv_recipients_read(&fields, schedule, arena);
    sv_schedule_refuse(&reading, "tz", "stands in time_zone: days are those of the schedule");
    if (sv_schedule_read_type(&reading, &snapshot)) {
        if (snapshot) {
            sv_schedule_read_snapshot(&reading);
        } else {
            sv_schedule_read_report(&reading);
        }
    }
    if (error->status == SV_OK && schedule->time_zone == NULL) {
        sv_schedule_default_zone(&reading);
    }
    return error->status == SV_OK;
}
