#include "core/adjust/approve.h"
#include "core/audit/seal.h"
#include "core/base/clock.h"
#include "core/counts/book.h"
#include "core/counts/stray_sessions.h"
#include "core/counts/count.h"
#include "core/totals/announce.h"
#include "core/erp/sync.h"
#include "core/floor/reaper.h"
#include "core/floor/write_behind.h"
#include "core/items/catalog_build.h"
#include "core/jobs/job_duties.h"
#include "core/jobs/job_figures.h"
#include "core/jobs/schedule.h"
#include "core/report/delivery/delivery.h"
#include "core/report/blocks/block_owner.h"
#include "core/photos/photo.h"
#include "core/sync/conflict_expire.h"
#include "core/unknown/unknown_resolve.h"
#include "worker/duty.h"
#include "worker/write_back.h"

/* Each duty's rules are in core/; here is only what the loop needs to know of a round. */

static sv_status_t
sv_duty_write_behind(sv_duty_round_t *round, sv_error_t *error)
{
    sv_write_behind_t done;
    sv_status_t status = sv_write_behind_round(round->store, round->redis, &done, error);

    round->done = done.taken;
    return status;
}

static sv_status_t
sv_duty_reap(sv_duty_round_t *round, sv_error_t *error)
{
    sv_reaped_t done;
    sv_status_t status = sv_reaper_round(round->store, round->redis, round->running_ms, &done, error);

    round->done = done.interrupted;
    return status;
}

static sv_status_t
sv_duty_stray_sessions(sv_duty_round_t *round, sv_error_t *error)
{
    sv_stray_sessions_t done;
    sv_status_t status = sv_stray_sessions_round(round->store, round->redis, &done, error);

    round->done = done.settled;
    return status;
}

static sv_status_t
sv_duty_totals(sv_duty_round_t *round, sv_error_t *error)
{
    sv_totals_t done;
    int64_t began_ms = sv_clock_monotonic_ms();
    sv_status_t status = sv_totals_round(round->store, &done, error);

    round->done = done.items;
    sv_totals_announce(round->redis, &done, error->arena);
    round->again = done.more;
    round->rest_ms =
        sv_totals_rest_ms(sv_clock_monotonic_ms() - began_ms, round->store->settings->worker_totals_lateness);
    return status;
}

static sv_status_t
sv_duty_freeze_books(sv_duty_round_t *round, sv_error_t *error)
{
    sv_book_frozen_t done;
    sv_status_t status = sv_book_freeze_round(round->store, &done, error);

    round->done = done.lines;
    return status;
}

static sv_status_t
sv_duty_catalog(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_catalog_round(round->store, round->redis, &round->done, error);
}

static sv_status_t
sv_duty_seal_audit(sv_duty_round_t *round, sv_error_t *error)
{
    int64_t sealed;
    sv_status_t status = sv_audit_seal_round(round->store, &sealed, error);

    round->done = sealed;
    round->again = sealed > 0;
    return status;
}

static sv_status_t
sv_duty_erp_sync(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_erp_sync_round(round->store, round->redis, &round->done, error);
}

static sv_status_t
sv_duty_jobs(sv_duty_round_t *round, sv_error_t *error)
{
    int64_t swept = 0, repaired = 0;
    sv_status_t status = sv_jobs_sweep(round->store, round->redis, &swept, error);

    if (status == SV_OK) {
        status = sv_jobs_repair(round->store, round->redis, &repaired, &round->again, error);
    }
    if (status == SV_OK) {
        status = sv_job_figures_round(round->store, round->redis, error);
    }
    round->done = swept + repaired;
    return status;
}

static sv_status_t
sv_duty_jobs_recover(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_jobs_recover(round->store, round->redis, "recovery", &round->done, error);
}

static sv_status_t
sv_duty_jobs_expire(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_jobs_expire(round->store, &round->done, error);
}

static sv_status_t
sv_duty_conflicts_expire(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_conflicts_expire(round->store, &round->done, error);
}

static sv_status_t
sv_duty_blocks(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_block_owners_round(round->store, NULL, &round->done, error);
}

static sv_status_t
sv_duty_spool(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_jobs_tidy_spool(round->store, error);
}

static sv_status_t
sv_duty_schedules(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_schedules_due(round->store, round->redis, &round->done, error);
}

static sv_status_t
sv_duty_deliveries(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_deliveries_round(round->store, round->redis, &round->done, error);
}

static sv_status_t
sv_duty_schedules_mend(sv_duty_round_t *round, sv_error_t *error)
{
    int64_t now_ms = 0;
    sv_status_t status = sv_store_now(round->store, &now_ms, error);

    return status == SV_OK ? sv_schedules_mend(round->store, now_ms, &round->done, error) : status;
}

static sv_status_t
sv_duty_unknown_items(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_unknown_round(round->store, &round->done, error);
}

static sv_status_t
sv_duty_photos(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_photos_sweep(round->store, &round->done, error);
}

static sv_status_t
sv_duty_approvals(sv_duty_round_t *round, sv_error_t *error)
{
    return sv_approve_round(round->store, &round->done, error);
}

/* Rounds that are to be short, and rounds that may have much to do. */
enum { SV_SHORT_ROUND_MS = 120000, SV_LONG_ROUND_MS = 600000 };

const sv_duty_row_t sv_duty_rows[] = {
    { "write-behind", offsetof(sv_settings_t, worker_write_behind_interval), sv_duty_write_behind, 0,
      SV_SHORT_ROUND_MS },
    { "reaper", offsetof(sv_settings_t, worker_reaper_interval), sv_duty_reap, 0, SV_SHORT_ROUND_MS },
    { "stray-sessions", 0, sv_duty_stray_sessions, SV_STRAY_SESSIONS_MS, SV_LONG_ROUND_MS },
    { "totals", offsetof(sv_settings_t, worker_totals_interval), sv_duty_totals, 0, SV_LONG_ROUND_MS },
    { "books", offsetof(sv_settings_t, worker_totals_interval), sv_duty_freeze_books, 0, SV_LONG_ROUND_MS },
    { "audit-seal", offsetof(sv_settings_t, worker_audit_interval), sv_duty_seal_audit, 0, SV_LONG_ROUND_MS },
    { "catalog", 0, sv_duty_catalog, SV_CATALOG_ROUND_MS, SV_LONG_ROUND_MS },
    { "unknown-items", 0, sv_duty_unknown_items, SV_UNKNOWN_ROUND_MS, SV_LONG_ROUND_MS },
    { "photos", 0, sv_duty_photos, SV_PHOTOS_SWEEP_MS, SV_LONG_ROUND_MS },
    { "erp-sync", 0, sv_duty_erp_sync, SV_ERP_SYNC_ROUND_MS, SV_SHORT_ROUND_MS },
    { "approvals", 0, sv_duty_approvals, SV_STRAY_SESSIONS_MS, SV_SHORT_ROUND_MS },
    { "write-back", 0, sv_duty_write_back, SV_WRITE_BACK_MS, SV_LONG_ROUND_MS },
    { "jobs", 0, sv_duty_jobs, SV_JOBS_SWEEP_MS, SV_SHORT_ROUND_MS },
    { "jobs-recover", 0, sv_duty_jobs_recover, SV_JOBS_RECOVER_MS, SV_LONG_ROUND_MS },
    { "jobs-expire", 0, sv_duty_jobs_expire, SV_JOBS_EXPIRE_MS, SV_LONG_ROUND_MS },
    { "conflicts-expire", 0, sv_duty_conflicts_expire, SV_CONFLICTS_EXPIRE_MS, SV_LONG_ROUND_MS },
    { "report-blocks", 0, sv_duty_blocks, SV_BLOCK_OWNERS_MS, SV_LONG_ROUND_MS },
    { "spool", 0, sv_duty_spool, SV_JOBS_TIDY_MS, SV_LONG_ROUND_MS },
    { "schedules", 0, sv_duty_schedules, SV_SCHEDULES_DUE_MS, SV_SHORT_ROUND_MS },
    { "deliveries", 0, sv_duty_deliveries, SV_DELIVERIES_MS, SV_SHORT_ROUND_MS },
    { "schedules-mend", 0, sv_duty_schedules_mend, SV_SCHEDULES_MEND_MS, SV_SHORT_ROUND_MS },
};

const size_t sv_duty_row_count = sizeof(sv_duty_rows) / sizeof(sv_duty_rows[0]);
