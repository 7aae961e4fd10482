/* Asking for a fixed report: what is wrong with the question, the job's params, and the filters in words. */
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/jobs/job.h"
#include "core/report/fixed/fixed.h"
#include "core/store/document.h"

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
    { "from", offsetof(sv_fixed_filters_t, from_ms) },
    { "to", offsetof(sv_fixed_filters_t, to_ms) },
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

static int64_t *
sv_filter_time(sv_fixed_filters_t *filters, size_t i)
{
    return (int64_t *) (void *) ((char *) filters + sv_filter_times[i].offset);
}

/* ---- periods: whole days before the moment the report is made */

typedef enum { SV_PERIOD_DAY, SV_PERIOD_WEEK, SV_PERIOD_MONTH } sv_period_unit_t;

/* From `from` units before the present one's beginning to `to` units before it (to -1: its end). */
static const struct {
    const char *name;
    sv_period_unit_t unit;
    int from, to;
} sv_periods[] = {
    { "today", SV_PERIOD_DAY, 0, -1 },        { "yesterday", SV_PERIOD_DAY, 1, 0 },
    { "last_7_days", SV_PERIOD_DAY, 7, 0 },   { "last_30_days", SV_PERIOD_DAY, 30, 0 },
    { "this_week", SV_PERIOD_WEEK, 0, -1 },   { "last_week", SV_PERIOD_WEEK, 1, 0 },
    { "this_month", SV_PERIOD_MONTH, 0, -1 }, { "last_month", SV_PERIOD_MONTH, 1, 0 },
};

enum { SV_PERIODS = sizeof(sv_periods) / sizeof(sv_periods[0]) };

static int64_t
sv_period_edge(sv_period_unit_t unit, int back, int64_t now_ms)
{
    time_t now_s = (time_t) (now_ms / 1000);
    struct tm day;

    gmtime_r(&now_s, &day);
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    switch (unit) {
    case SV_PERIOD_DAY:
        day.tm_mday -= back;
        break;
    case SV_PERIOD_WEEK:
        day.tm_mday -= (day.tm_wday + 6) % 7 + 7 * back;
        break;
    case SV_PERIOD_MONTH:
        day.tm_mday = 1;
        day.tm_mon -= back;
        break;
    }
    return (int64_t) timegm(&day) * 1000;
}

void
sv_fixed_request_settle(sv_fixed_request_t *request, int64_t now_ms)
{
    for (size_t i = 0; request->period != NULL && i < SV_PERIODS; i++) {
        if (strcmp(sv_periods[i].name, request->period) == 0) {
            request->filters.from_ms = sv_period_edge(sv_periods[i].unit, sv_periods[i].from, now_ms);
            request->filters.to_ms = sv_period_edge(sv_periods[i].unit, sv_periods[i].to, now_ms);
        }
    }
}

/* ---- reading a request */

static bool
sv_filter_read_time(const sv_json_fields_t *fields, const char *name, int64_t *ms)
{
    const char *text;

    if (!sv_json_get_text(fields, name, SV_OPTIONAL, 1, SV_TIME_TEXT_SIZE, &text)) {
        return false;
    }
    if (!sv_time_parse(text, ms) && !sv_date_parse(text, ms)) {
        sv_fail_field(fields->error, sv_json_field_path(fields, name), "invalid_format",
                      "%s must be a time such as 2026-01-05T08:00:00Z, or a date", name);
        return false;
    }
    return true;
}

static void
sv_filter_read_period(const sv_json_fields_t *fields, sv_fixed_request_t *request)
{
    const char *words[SV_PERIODS + 1] = { NULL };
    int index;

    for (size_t i = 0; i < SV_PERIODS; i++) {
        words[i] = sv_periods[i].name;
    }
    if (!sv_json_get_choice(fields, "period", SV_OPTIONAL, words, &index)) {
        return;
    }
    request->period = sv_periods[index].name;
    if (request->filters.from_ms != 0 || request->filters.to_ms != 0) {
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
    sv_filter_read_time(&fields, "from", &filters->from_ms);
    /* 1970 itself is 0, which would be no filter. */
    if (sv_filter_read_time(&fields, "to", &filters->to_ms) && filters->to_ms <= filters->from_ms) {
        sv_fail_field(error, "filters.to", "out_of_range", "to must be after from");
    }
    sv_filter_read_period(&fields, request);
}

static void
sv_format_read(const sv_json_fields_t *fields, const char *format, sv_fixed_request_t *request, sv_arena_t *arena)
{
    const char **words = sv_arena_zalloc(arena, (sv_format_count + 1) * sizeof(words[0]));
    int index;

    for (size_t i = 0; i < sv_format_count; i++) {
        words[i] = sv_formats[i].name;
    }
    if (format != NULL) {
        request->format = sv_format(format);
        if (request->format == NULL) {
            sv_fail(fields->error, SV_ERR_NOT_FOUND, "There is no format %s", format);
        }
    } else if (sv_json_get_choice(fields, "format", SV_OPTIONAL, words, &index)) {
        request->format = &sv_formats[index];
    } else {
        request->format = sv_format("csv");
    }
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
    sv_format_read(&fields, format, request, arena);
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
    return error->status == SV_OK;
}

/* ---- the job's params */

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
        if (*sv_filter_time(&copy.filters, i) != 0) {
            BSON_APPEND_DATE_TIME(&filters, sv_filter_times[i].name, *sv_filter_time(&copy.filters, i));
        }
    }
    if (request->period != NULL) {
        BSON_APPEND_UTF8(&filters, "period", request->period);
    }
    bson_append_document_end(params, &filters);
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
        *sv_filter_time(&request->filters, i) = sv_doc_time(filters, sv_filter_times[i].name);
    }
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
sv_fixed_filters_describe(const sv_fixed_report_t *report, const sv_fixed_filters_t *filters, sv_arena_t *arena)
{
    sv_fixed_filters_t copy = *filters;
    char text[SV_TIME_TEXT_SIZE];
    bool timed = false;
    sv_buffer_t words;

    sv_buffer_init(&words, arena, 128);
    sv_buffer_puts(&words, "");
    for (size_t i = 0; i < SV_FILTER_TEXTS; i++) {
        if (*sv_filter_text(&copy, i) != NULL) {
            sv_buffer_printf(&words, "%s%s %s", words.length > 0 ? ", " : "", sv_filter_texts[i].words,
                             *sv_filter_text(&copy, i));
        }
    }
    for (size_t i = 0; i < SV_FILTER_TIMES; i++) {
        if (*sv_filter_time(&copy, i) != 0) {
            sv_time_format(*sv_filter_time(&copy, i), text);
            if (!timed) {
                sv_buffer_printf(&words, "%s%s", words.length > 0 ? ", " : "", report->time);
                timed = true;
            }
            sv_buffer_printf(&words, " %s %s", sv_filter_times[i].name, text);
        }
    }
    return words.data;
}
