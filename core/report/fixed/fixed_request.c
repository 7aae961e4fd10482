/* Asking for a fixed report: what is wrong with the question, the job's params, and the filters in words. */
#include <string.h>

#include "core/base/codec.h"
#include "core/base/relative_period.h"
#include "core/jobs/job.h"
#include "core/report/fixed/fixed.h"
#include "core/store/document.h"
#include "core/warehouse/day_zone.h"

enum { SV_FILTER_MAX = 128 };

#define SV_DAY_MS INT64_C(86400000)

/* The filters that are texts. */
static const struct {
    const char *name;
    unsigned bit;
    size_t offset;
    const char *words;
} sv_filter_texts[] = {
    { "warehouse", SV_FILTER_WAREHOUSE, offsetof(sv_fixed_filters_t, warehouse), "warehouse" },
    { "floor", SV_FILTER_FLOOR, offsetof(sv_fixed_filters_t, floor), "floor" },
    { "category", SV_FILTER_CATEGORY, offsetof(sv_fixed_filters_t, category), "category" },
    { "user", SV_FILTER_USER, offsetof(sv_fixed_filters_t, user), "user" },
    { "count_id", SV_FILTER_COUNT, offsetof(sv_fixed_filters_t, count_id), "count" },
};

static const struct {
    const char *name;
    size_t offset;
} sv_filter_times[] = {
    { "from", offsetof(sv_time_range_t, from) },
    { "to", offsetof(sv_time_range_t, to) },
};

enum {
    SV_FILTER_TEXTS = sizeof(sv_filter_texts) / sizeof(sv_filter_texts[0]),
    SV_FILTER_TIMES = sizeof(sv_filter_times) / sizeof(sv_filter_times[0]),
};

static const char **
sv_filter_text(sv_fixed_filters_t *filters, size_t i)
{
    return (const char **) (void *) ((char *) filters + sv_filter_texts[i].offset);
}

static sv_time_bound_t *
sv_filter_time(sv_time_range_t *range, size_t i)
{
    return (sv_time_bound_t *) (void *) ((char *) range + sv_filter_times[i].offset);
}

void
sv_fixed_request_settle_in(sv_fixed_request_t *request, const sv_time_zone_t *zone, int64_t now_ms)
{
    sv_time_range_t *range = &request->range;
    int64_t today = zone != NULL ? sv_time_zone_day(zone, now_ms) : now_ms / SV_DAY_MS, first, last;

    if (request->period != NULL && sv_relative_period_days(request->period, today, &first, &last)) {
        range->from = (sv_time_bound_t){ SV_BOUND_DAY, first };
        range->to = (sv_time_bound_t){ SV_BOUND_DAY, last };
    }
    request->filters.zone = zone;
    request->filters.from_ms = range->from.kind != SV_BOUND_NONE ? sv_time_bound_start(&range->from, zone) : 0;
    request->filters.to_ms = range->to.kind != SV_BOUND_NONE ? sv_time_bound_end(&range->to, zone) : 0;
}

sv_status_t
sv_fixed_request_settle(sv_store_t *store, sv_fixed_request_t *request, const char *tz, int64_t now_ms,
                        sv_error_t *error)
{
    const sv_fixed_filters_t *filters = &request->filters;
    const char *name = request->range.zone != NULL ? request->range.zone : tz;
    const char *warehouse = filters->warehouse;
    const sv_time_zone_t *zone;

    if (sv_day_zone_warehouse(store, filters->count_id, error->arena, &warehouse, error) != SV_OK ||
        sv_day_zone(store, name, "tz", warehouse, error->arena, &zone, error) != SV_OK) {
        return error->status;
    }
    sv_fixed_request_settle_in(request, zone, now_ms);
    if (request->range.to.kind != SV_BOUND_NONE && filters->to_ms <= filters->from_ms) {
        return sv_fail_field(error, "filters.to", "out_of_range", "to must be after from");
    }
    return SV_OK;
}

/* ---- reading a request */

static void
sv_filter_read_time(const sv_json_fields_t *fields, const char *name, sv_time_bound_t *bound)
{
    const char *text;

    if (sv_json_get_text(fields, name, SV_OPTIONAL, 1, SV_TIME_TEXT_SIZE, &text) && !sv_time_bound_parse(text, bound)) {
        sv_fail_field(fields->error, sv_json_field_path(fields, name), "invalid_format",
                      "%s must be a time such as 2026-01-05T08:00:00Z, or a date", name);
    }
}

static void
sv_filter_read_period(const sv_json_fields_t *fields, sv_fixed_request_t *request)
{
    int index;

    if (!sv_json_get_choice(fields, "period", SV_OPTIONAL, sv_relative_periods, &index)) {
        return;
    }
    request->period = sv_relative_periods[index];
    if (request->range.from.kind != SV_BOUND_NONE || request->range.to.kind != SV_BOUND_NONE) {
        sv_fail_field(fields->error, sv_json_field_path(fields, "period"), "not_allowed",
                      "period stands instead of from and to, not beside them");
    }
}

/* 0 for a name that is no filter. */
static unsigned
sv_filter_bit(const char *name)
{
    for (size_t i = 0; i < SV_FILTER_TEXTS; i++) {
        if (strcmp(sv_filter_texts[i].name, name) == 0) {
            return sv_filter_texts[i].bit;
        }
    }
    return strcmp(name, "from") == 0 || strcmp(name, "to") == 0 || strcmp(name, "period") == 0 ? SV_FILTER_TIME : 0;
}

/* A filter that is ignored would give a report of more than was asked for. */
static void
sv_filters_check_names(const sv_json_fields_t *fields, const sv_fixed_report_t *report)
{
    const char *name;
    json_t *member;

    json_object_foreach((json_t *) (uintptr_t) fields->object, name, member)
    {
        unsigned bit = sv_filter_bit(name);

        if (bit == 0) {
            sv_fail_field(fields->error, sv_json_field_path(fields, name), "unknown", "there is no filter %s", name);
        } else if ((report->filters & bit) == 0) {
            sv_fail_field(fields->error, sv_json_field_path(fields, name), "not_allowed",
                          "the report %s cannot be filtered by %s", report->type, name);
        }
    }
}

/* As far as it can be told without a zone: of two days, or of two instants; up to 1970 there is nothing. */
static bool
sv_range_is_empty(const sv_time_range_t *range)
{
    if (range->to.kind == SV_BOUND_INSTANT && range->to.value <= 0) {
        return true;
    }
    return range->from.kind == range->to.kind &&
           (range->to.kind == SV_BOUND_DAY
                ? range->to.value < range->from.value
                : range->to.kind == SV_BOUND_INSTANT && range->to.value <= range->from.value);
}

static void
sv_filters_read(const json_t *object, sv_fixed_request_t *request, sv_error_t *error)
{
    sv_json_fields_t fields = { object, "filters", error };
    sv_fixed_filters_t *filters = &request->filters;

    sv_filters_check_names(&fields, request->report);
    for (size_t i = 0; i < SV_FILTER_TEXTS; i++) {
        sv_json_get_identifier(&fields, sv_filter_texts[i].name, SV_OPTIONAL, SV_FILTER_MAX,
                               sv_filter_text(filters, i));
    }
    for (size_t i = 0; i < SV_FILTER_TIMES; i++) {
        sv_filter_read_time(&fields, sv_filter_times[i].name, sv_filter_time(&request->range, i));
    }
    if (sv_range_is_empty(&request->range)) {
        sv_fail_field(error, "filters.to", "out_of_range", "to must be after from");
    }
    sv_filter_read_period(&fields, request);
}

static void
sv_fixed_format_read(const sv_json_fields_t *fields, const char *format, sv_fixed_request_t *request, sv_arena_t *arena)
{
    request->format = format != NULL ? sv_format(format) : sv_format_read(fields, arena);
    if (request->format == NULL) {
        sv_fail(fields->error, SV_ERR_NOT_FOUND, "There is no format %s", format);
    }
}

static void
sv_zone_read(const sv_json_fields_t *fields, sv_fixed_request_t *request)
{
    sv_time_zone_t *zone;

    if (!sv_json_get_identifier(fields, "tz", SV_OPTIONAL, SV_FILTER_MAX, &request->range.zone)) {
        return;
    }
    zone = sv_time_zone_open(request->range.zone);
    if (zone == NULL) {
        sv_fail_field(fields->error, sv_json_field_path(fields, "tz"), "unknown", "is no time zone known here");
    }
    sv_time_zone_free(zone);
}

bool
sv_fixed_request_read(const json_t *body, const char *format, sv_role_t role, sv_arena_t *arena,
                      sv_fixed_request_t *request, sv_error_t *error)
{
    sv_json_fields_t fields = { body, "", error };
    const char *const *types = sv_fixed_types(arena);
    const json_t *filters;
    int index;

    memset(request, 0, sizeof(*request));
    sv_fixed_format_read(&fields, format, request, arena);
    sv_format_options_read(&fields, request->format, &request->options);
    if (!sv_json_get_choice(&fields, "type", SV_REQUIRED, types, &index)) {
        return false;
    }
    request->report = sv_fixed_report(types[index]);
    if (role < sv_job_kind(request->report->job_type)->role) {
        sv_fail(error, SV_ERR_FORBIDDEN, "The report %s is for admins", request->report->type);
        return false;
    }
    if (sv_json_get_object(&fields, "filters", SV_OPTIONAL, &filters)) {
        sv_filters_read(filters, request, error);
    }
    sv_zone_read(&fields, request);
    return error->status == SV_OK;
}

/* ---- the job's params: a day is a text there, an instant a date */

static void
sv_filter_put_time(bson_t *filters, const char *name, const sv_time_bound_t *bound)
{
    char text[SV_TIME_TEXT_SIZE];

    if (bound->kind == SV_BOUND_DAY) {
        sv_time_bound_format(bound, text);
        BSON_APPEND_UTF8(filters, name, text);
    } else if (bound->kind == SV_BOUND_INSTANT) {
        BSON_APPEND_DATE_TIME(filters, name, bound->value);
    }
}

static sv_time_bound_t
sv_filter_take_time(const bson_t *filters, const char *name)
{
    sv_time_bound_t bound = { SV_BOUND_NONE, 0 };
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, filters, name)) {
        return bound;
    }
    if (BSON_ITER_HOLDS_UTF8(&iter)) {
        sv_time_bound_parse(bson_iter_utf8(&iter, NULL), &bound);
    } else if (BSON_ITER_HOLDS_DATE_TIME(&iter)) {
        bound = (sv_time_bound_t){ SV_BOUND_INSTANT, bson_iter_date_time(&iter) };
    }
    return bound;
}

const bson_t *
sv_fixed_request_to_bson(const sv_fixed_request_t *request, sv_arena_t *arena)
{
    sv_fixed_request_t copy = *request;
    bson_t *params = sv_doc_new(arena), filters;

    BSON_APPEND_UTF8(params, "type", request->report->type);
    BSON_APPEND_DOCUMENT_BEGIN(params, "filters", &filters);
    for (size_t i = 0; i < SV_FILTER_TEXTS; i++) {
        if (*sv_filter_text(&copy.filters, i) != NULL) {
            BSON_APPEND_UTF8(&filters, sv_filter_texts[i].name, *sv_filter_text(&copy.filters, i));
        }
    }
    for (size_t i = 0; i < SV_FILTER_TIMES; i++) {
        sv_filter_put_time(&filters, sv_filter_times[i].name, sv_filter_time(&copy.range, i));
    }
    if (request->period != NULL) {
        BSON_APPEND_UTF8(&filters, "period", request->period);
    }
    bson_append_document_end(params, &filters);
    if (request->range.zone != NULL) {
        BSON_APPEND_UTF8(params, "tz", request->range.zone);
    }
    sv_format_options_append(params, request->format, &request->options);
    return params;
}

bool
sv_fixed_request_from_bson(const bson_t *params, sv_arena_t *arena, sv_fixed_request_t *request)
{
    const bson_t *filters = sv_doc_child(params, "filters", arena);

    memset(request, 0, sizeof(*request));
    request->report = sv_fixed_report(sv_doc_text(params, "type", arena));
    if (request->report == NULL || filters == NULL ||
        !sv_format_options_load(params, &request->format, &request->options, arena)) {
        return false;
    }
    for (size_t i = 0; i < SV_FILTER_TEXTS; i++) {
        *sv_filter_text(&request->filters, i) = sv_doc_text(filters, sv_filter_texts[i].name, arena);
    }
    for (size_t i = 0; i < SV_FILTER_TIMES; i++) {
        *sv_filter_time(&request->range, i) = sv_filter_take_time(filters, sv_filter_times[i].name);
    }
    request->range.zone = sv_doc_text(params, "tz", arena);
    request->period = sv_doc_text(filters, "period", arena);
    return true;
}

const char *
sv_fixed_request_key(const sv_fixed_request_t *request, sv_arena_t *arena)
{
    const bson_t *params = sv_fixed_request_to_bson(request, arena);
    char *hash = sv_arena_alloc(arena, SV_SHA256_HEX_SIZE);

    sv_sha256_hex(bson_get_data(params), params->len, hash);
    return hash;
}

/* ---- in words */

const char *
sv_fixed_request_describe(const sv_fixed_request_t *request, sv_arena_t *arena)
{
    sv_fixed_request_t copy = *request;
    char text[SV_TIME_TEXT_SIZE];
    bool timed = false, days = false;
    sv_buffer_t words;

    sv_buffer_init(&words, arena, 128);
    sv_buffer_puts(&words, "");
    for (size_t i = 0; i < SV_FILTER_TEXTS; i++) {
        if (*sv_filter_text(&copy.filters, i) != NULL) {
            sv_buffer_printf(&words, "%s%s %s", words.length > 0 ? ", " : "", sv_filter_texts[i].words,
                             *sv_filter_text(&copy.filters, i));
        }
    }
    for (size_t i = 0; i < SV_FILTER_TIMES; i++) {
        const sv_time_bound_t *bound = sv_filter_time(&copy.range, i);

        if (bound->kind != SV_BOUND_NONE) {
            sv_time_bound_format(bound, text);
            if (!timed) {
                sv_buffer_printf(&words, "%s%s", words.length > 0 ? ", " : "", request->report->time);
                timed = true;
            }
            sv_buffer_printf(&words, " %s %s", sv_filter_times[i].name, text);
            days = days || bound->kind == SV_BOUND_DAY;
        }
    }
    if (days) {
        sv_buffer_printf(&words, " (days of %s)",
                         request->filters.zone != NULL ? sv_time_zone_name(request->filters.zone) : "UTC");
    }
    return words.data;
}

const char *
sv_fixed_request_title(const sv_fixed_request_t *request, int64_t now_ms, sv_arena_t *arena)
{
    const sv_fixed_filters_t *filters = &request->filters;
    sv_time_bound_t day = { SV_BOUND_DAY, now_ms / SV_DAY_MS };
    char text[SV_TIME_TEXT_SIZE];

    if (filters->zone != NULL) {
        day.value = sv_time_zone_day(filters->zone, now_ms);
    }
    sv_time_bound_format(&day, text);
    return sv_arena_printf(arena, "%s%s%s%s%s %s", request->report->title, filters->warehouse != NULL ? " " : "",
                           filters->warehouse != NULL ? filters->warehouse : "", filters->floor != NULL ? " " : "",
                           filters->floor != NULL ? filters->floor : "", text);
}
