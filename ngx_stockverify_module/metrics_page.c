#include "ngx_stockverify_module/metrics_page.h"

#include "core/base/json_writer.h"

static const char *const sv_pool_names[SV_POOL_COUNT] = { "db", "hash", "health" };
static const char *const sv_refusal_names[SV_REFUSALS] = { "circuit_open", "queue_full", "waited_too_long",
                                                            "no_client" };
static const char *const sv_verdict_names[] = { "ok", "conflict", "error" };
static const char *const sv_class_names[SV_STATUS_CLASSES] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };

/* Figures that are one number each. */
typedef struct {
    const char *name;
    const char *type;
    const char *help;
    const char *label;         /* NULL: none */
    const char *const *values; /* of the label */
    size_t count;
    const volatile uint64_t *figures;
} sv_figure_t;

enum { SV_FIGURES = 11 };

void
sv_metrics_page_sum(sv_metrics_page_t *page)
{
    for (size_t i = 0; i < NGX_MAX_PROCESSES; i++) {
        const sv_process_gauges_t *gauges = &page->zone->metrics.processes[i];

        for (size_t pool = 0; pool < SV_POOL_COUNT; pool++) {
            page->queued[pool] += gauges->queued[pool];
            page->running[pool] += gauges->running[pool];
        }
        page->redis_connected += gauges->redis_connected;
        page->event_streams += gauges->event_streams;
    }
}

static void
sv_metrics_figures(const sv_metrics_page_t *page, uint64_t *circuit, sv_figure_t figures[SV_FIGURES])
{
    const sv_metrics_t *metrics = &page->zone->metrics;

    *circuit = sv_breaker_state(&page->zone->breaker, ngx_current_msec);
    const sv_figure_t table[SV_FIGURES] = {
        { "stockverify_circuit_state", "gauge", "Circuit before MongoDB: 0 closed, 1 open, 2 half open", NULL, NULL, 1,
          circuit },
        { "stockverify_redis_connections", "gauge", "nginx processes connected to Redis", NULL, NULL, 1,
          &page->redis_connected },
        { "stockverify_redis_errors_total", "counter", "Redis commands without an answer, or answered by an error",
          NULL, NULL, 1, &metrics->redis_errors },
        { "stockverify_thread_tasks_queued", "gauge", "Tasks that wait for a thread", "pool", sv_pool_names,
          SV_POOL_COUNT, page->queued },
        { "stockverify_thread_tasks_running", "gauge", "Tasks on a thread", "pool", sv_pool_names,
          SV_POOL_COUNT, page->running },
        { "stockverify_thread_refusals_total", "counter", "Database steps refused before they began", "reason",
          sv_refusal_names, SV_REFUSALS, metrics->refused },
        { "stockverify_sync_verdicts_total", "counter", "Records of sync batches by verdict", "verdict",
          sv_verdict_names, 3, metrics->sync_verdicts },
        { "stockverify_event_streams", "gauge", "Streams of events that are open", NULL, NULL, 1, &page->event_streams },
        { "stockverify_event_streams_ended_total", "counter", "Streams of events that ended, by reason", "reason",
          sv_stream_end_names, SV_STREAM_ENDS, metrics->streams_ended },
        { "stockverify_events_sent_total", "counter", "Events sent, each to one stream", NULL, NULL, 1,
          &metrics->events_sent },
        { "stockverify_unrouted_responses_total", "counter", "Answers to requests of no route", "class", sv_class_names,
          SV_STATUS_CLASSES, metrics->unrouted },
    };

    memcpy(figures, table, sizeof(table));
}

static void
sv_text_head(sv_buffer_t *out, const char *name, const char *type, const char *help)
{
    sv_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
sv_text_figure(sv_buffer_t *out, const sv_figure_t *figure)
{
    sv_text_head(out, figure->name, figure->type, figure->help);
    for (size_t i = 0; i < figure->count; i++) {
        if (figure->label == NULL) {
            sv_buffer_printf(out, "%s %llu\n", figure->name, (unsigned long long) figure->figures[i]);
        } else {
            sv_buffer_printf(out, "%s{%s=\"%s\"} %llu\n", figure->name, figure->label, figure->values[i],
                             (unsigned long long) figure->figures[i]);
        }
    }
}

static void
sv_text_histogram(sv_buffer_t *out, const char *name, const char *route, const sv_histogram_t *histogram)
{
    const char *label = route == NULL ? "" : route;
    unsigned long long total = 0;

    for (size_t i = 0; i <= SV_HISTOGRAM_BOUNDS; i++) {
        total += histogram->buckets[i];
        sv_buffer_printf(out, "%s_bucket{%s%s%s", name, route == NULL ? "" : "route=\"", label,
                         route == NULL ? "" : "\",");
        if (i < SV_HISTOGRAM_BOUNDS) {
            sv_buffer_printf(out, "le=\"%g\"} %llu\n", (double) sv_histogram_bounds_us[i] / 1e6, total);
        } else {
            sv_buffer_printf(out, "le=\"+Inf\"} %llu\n", total);
        }
    }
    sv_buffer_printf(out, "%s_sum%s%s%s %.6f\n", name, route == NULL ? "" : "{route=\"", label,
                     route == NULL ? "" : "\"}", (double) histogram->sum_us / 1e6);
    sv_buffer_printf(out, "%s_count%s%s%s %llu\n", name, route == NULL ? "" : "{route=\"", label,
                     route == NULL ? "" : "\"}", total);
}

static void
sv_text_routes(sv_buffer_t *out, const sv_metrics_t *metrics)
{
    static const char responses[] = "stockverify_http_responses_total";
    static const char duration[] = "stockverify_http_request_duration_seconds";

    sv_text_head(out, responses, "counter", "Answers by route and class of status");
    for (size_t i = 0; i < sv_route_count; i++) {
        for (size_t class = 2; class < SV_STATUS_CLASSES; class ++) {
            sv_buffer_printf(out, "%s{route=\"%s\",class=\"%s\"} %llu\n", responses, sv_routes[i].id,
                             sv_class_names[class], (unsigned long long) metrics->routes[i].responses[class]);
        }
    }
    sv_text_head(out, duration, "histogram", "From the request's header to its answer, by route");
    for (size_t i = 0; i < sv_route_count; i++) {
        sv_text_histogram(out, duration, sv_routes[i].id, &metrics->routes[i].latency);
    }
}

static void
sv_metrics_jobs_text(const sv_metrics_page_t *page, sv_buffer_t *out)
{
    static const char waiting[] = "stockverify_jobs_waiting", oldest[] = "stockverify_jobs_oldest_waiting_seconds";
    static const char ended[] = "stockverify_jobs_ended_total";

    if (page->job_figures != NULL) {
        sv_text_head(out, waiting, "gauge", "Jobs that wait for a worker, by queue");
        for (int i = 0; i < SV_QUEUE_COUNT; i++) {
            sv_buffer_printf(out, "%s{queue=\"%s\"} %lld\n", waiting, sv_queue_name((sv_queue_t) i),
                             (long long) page->job_figures->waiting[i]);
        }
        sv_text_head(out, oldest, "gauge", "For how long the job waits that was queued first, by queue");
        for (int i = 0; i < SV_QUEUE_COUNT; i++) {
            sv_buffer_printf(out, "%s{queue=\"%s\"} %lld\n", oldest, sv_queue_name((sv_queue_t) i),
                             (long long) page->job_figures->oldest_s[i]);
        }
    }
    sv_text_head(out, ended, "counter", "Jobs that ended, by kind and outcome, since Redis was emptied");
    for (size_t i = 0; i < page->job_count_count; i++) {
        const sv_job_count_t *count = &page->job_counts[i];

        sv_buffer_printf(out, "%s{type=\"%s\",outcome=\"%s\"} %lld\n", ended, count->type, count->outcome,
                         (long long) count->count);
    }
}

static void
sv_metrics_jobs_json(const sv_metrics_page_t *page, sv_json_writer_t *json)
{
    if (page->job_figures == NULL) {
        sv_json_null(json, "jobs_waiting");
    } else {
        sv_json_object(json, "jobs_waiting");
        for (int i = 0; i < SV_QUEUE_COUNT; i++) {
            sv_json_object(json, sv_queue_name((sv_queue_t) i));
            sv_json_int(json, "jobs", page->job_figures->waiting[i]);
            sv_json_int(json, "oldest_seconds", page->job_figures->oldest_s[i]);
            sv_json_end(json);
        }
        sv_json_end(json);
    }
    sv_json_array(json, "jobs_ended_total");
    for (size_t i = 0; i < page->job_count_count; i++) {
        sv_json_object(json, NULL);
        sv_json_text(json, "type", page->job_counts[i].type);
        sv_json_text(json, "outcome", page->job_counts[i].outcome);
        sv_json_int(json, "count", page->job_counts[i].count);
        sv_json_end(json);
    }
    sv_json_end(json);
}

void
sv_metrics_page_text(const sv_metrics_page_t *page, sv_buffer_t *out)
{
    const sv_metrics_t *metrics = &page->zone->metrics;
    sv_figure_t figures[SV_FIGURES];
    uint64_t circuit;

    sv_metrics_figures(page, &circuit, figures);
    for (size_t i = 0; i < SV_FIGURES; i++) {
        sv_text_figure(out, &figures[i]);
    }
    if (page->leases >= 0) {
        sv_text_head(out, "stockverify_leases_held", "gauge", "Leases on racks that Redis holds, at most 10 s old");
        sv_buffer_printf(out, "stockverify_leases_held %lld\n", (long long) page->leases);
    }
    sv_metrics_jobs_text(page, out);
    sv_text_head(out, "stockverify_redis_duration_seconds", "histogram", "Redis commands, from sending to reply");
    sv_text_histogram(out, "stockverify_redis_duration_seconds", NULL, &metrics->redis);
    sv_text_head(out, "stockverify_event_lag_seconds", "histogram", "Events, from Redis' clock to the streams of a process");
    sv_text_histogram(out, "stockverify_event_lag_seconds", NULL, &metrics->event_lag);
    sv_text_head(out, "stockverify_mongodb_duration_seconds", "histogram", "Steps on database threads");
    sv_text_histogram(out, "stockverify_mongodb_duration_seconds", NULL, &metrics->mongodb);
    sv_text_routes(out, metrics);
}

static void
sv_json_histogram(sv_json_writer_t *json, const char *name, const sv_histogram_t *histogram)
{
    int64_t total = 0;

    sv_json_object(json, name);
    sv_json_array(json, "buckets");
    for (size_t i = 0; i <= SV_HISTOGRAM_BOUNDS; i++) {
        total += (int64_t) histogram->buckets[i];
        sv_json_object(json, NULL);
        if (i < SV_HISTOGRAM_BOUNDS) {
            sv_json_double(json, "le_ms", (double) sv_histogram_bounds_us[i] / 1e3);
        } else {
            sv_json_null(json, "le_ms");
        }
        sv_json_int(json, "count", total);
        sv_json_end(json);
    }
    sv_json_end(json);
    sv_json_int(json, "count", total);
    sv_json_double(json, "sum_ms", (double) histogram->sum_us / 1e3);
    sv_json_end(json);
}

static void
sv_json_figure(sv_json_writer_t *json, const sv_figure_t *figure)
{
    const char *name = figure->name + sizeof("stockverify_") - 1;

    if (figure->label == NULL) {
        sv_json_int(json, name, (int64_t) figure->figures[0]);
        return;
    }
    sv_json_object(json, name);
    for (size_t i = 0; i < figure->count; i++) {
        sv_json_int(json, figure->values[i], (int64_t) figure->figures[i]);
    }
    sv_json_end(json);
}

void
sv_metrics_page_json(const sv_metrics_page_t *page, sv_buffer_t *out)
{
    const sv_metrics_t *metrics = &page->zone->metrics;
    sv_figure_t figures[SV_FIGURES];
    sv_json_writer_t json;
    uint64_t circuit;

    sv_metrics_figures(page, &circuit, figures);
    sv_json_writer_init(&json, out);
    sv_json_object(&json, NULL);
    for (size_t i = 0; i < SV_FIGURES; i++) {
        sv_json_figure(&json, &figures[i]);
    }
    if (page->leases >= 0) {
        sv_json_int(&json, "leases_held", page->leases);
    } else {
        sv_json_null(&json, "leases_held");
    }
    sv_metrics_jobs_json(page, &json);
    sv_json_histogram(&json, "redis", &metrics->redis);
    sv_json_histogram(&json, "event_lag", &metrics->event_lag);
    sv_json_histogram(&json, "mongodb", &metrics->mongodb);
    sv_json_object(&json, "routes");
    for (size_t i = 0; i < sv_route_count; i++) {
        sv_json_object(&json, sv_routes[i].id);
        sv_json_object(&json, "responses");
        for (size_t class = 2; class < SV_STATUS_CLASSES; class ++) {
            sv_json_int(&json, sv_class_names[class], (int64_t) metrics->routes[i].responses[class]);
        }
        sv_json_end(&json);
        sv_json_histogram(&json, "latency", &metrics->routes[i].latency);
        sv_json_end(&json);
    }
    sv_json_end(&json);
    sv_json_end(&json);
}
