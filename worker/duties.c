#include "core/audit/seal.h"
#include "core/counts/book.h"
#include "core/counts/totals.h"
#include "core/floor/reaper.h"
#include "core/floor/write_behind.h"
#include "worker/duty.h"

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
sv_duty_totals(sv_duty_round_t *round, sv_error_t *error)
{
    sv_totals_t done;
    sv_status_t status = sv_totals_round(round->store, &done, error);

    round->done = done.items;
    round->again = done.more;
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
sv_duty_seal_audit(sv_duty_round_t *round, sv_error_t *error)
{
    int64_t sealed;
    sv_status_t status = sv_audit_seal_round(round->store, &sealed, error);

    round->done = sealed;
    round->again = sealed > 0;
    return status;
}

const sv_duty_row_t sv_duty_rows[] = {
    { "write-behind", offsetof(sv_settings_t, worker_write_behind_interval), sv_duty_write_behind },
    { "reaper", offsetof(sv_settings_t, worker_reaper_interval), sv_duty_reap },
    { "totals", offsetof(sv_settings_t, worker_totals_interval), sv_duty_totals },
    { "books", offsetof(sv_settings_t, worker_totals_interval), sv_duty_freeze_books },
    { "audit-seal", offsetof(sv_settings_t, worker_audit_interval), sv_duty_seal_audit },
};

const size_t sv_duty_row_count = sizeof(sv_duty_rows) / sizeof(sv_duty_rows[0]);
