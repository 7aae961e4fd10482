#ifndef SV_METRICS_PAGE_H
#define SV_METRICS_PAGE_H

#include "core/jobs/job_figures.h"
#include "ngx_stockverify_module/zone.h"

/* The zone's figures in print: Prometheus' text and JSON. */
typedef struct {
    const sv_zone_t  *zone;
    int64_t           leases;             /* held now; -1: unknown */
    const sv_job_figures_t *job_figures;  /* NULL: no worker tells */
    const sv_job_count_t   *job_counts;   /* job_count_count */
    size_t            job_count_count;
    /* summed over the processes */
    uint64_t          queued[SV_POOL_COUNT];
    uint64_t          running[SV_POOL_COUNT];
    uint64_t          redis_connected;
    uint64_t          event_streams;
} sv_metrics_page_t;

void sv_metrics_page_sum(sv_metrics_page_t *page);
void sv_metrics_page_text(const sv_metrics_page_t *page, sv_buffer_t *out);
void sv_metrics_page_json(const sv_metrics_page_t *page, sv_buffer_t *out);

#endif
