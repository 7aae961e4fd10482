/* What came of an attempt: one guarded update in MongoDB, then the spool, Redis and who listens. */
#include "core/jobs/runner_settle.h"

#include <string.h>
#include <time.h>

#include "core/audit/error_log.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/jobs/job_tell.h"
#include "core/jobs/runner_state.h"
#include "core/jobs/spool.h"

typedef enum { SV_END_LOST, SV_END_SUCCEEDED, SV_END_CANCELLED, SV_END_HANDED_BACK, SV_END_FAILED } sv_end_t;

typedef struct {
    sv_job_run_t *run;
    sv_end_t end;
    const sv_error_t *reason;
    bool retry;
} sv_settlement_t;

static bool
sv_is_retried(const sv_error_t *reason)
{
    sv_kind_t kind = sv_status_kind(reason->status);

    return kind == SV_KIND_UNAVAILABLE || kind == SV_KIND_INTERNAL || kind == SV_KIND_THROTTLED;
}

static sv_end_t
sv_settle_choose(unsigned flags, sv_status_t status)
{
    if (flags & SV_RUN_LOST) {
        return SV_END_LOST;
    }
    if (status == SV_OK) {
        return SV_END_SUCCEEDED;
    }
    if (flags & SV_RUN_CANCELLED) {
        return SV_END_CANCELLED;
    }
    return flags & SV_RUN_STOPPED ? SV_END_HANDED_BACK : SV_END_FAILED;
}

static sv_status_t
sv_settle_write(const sv_settlement_t *settlement, bool *held, sv_error_t *error)
{
    const sv_job_run_t *run = settlement->run;

    switch (settlement->end) {
    case SV_END_SUCCEEDED:
        return sv_job_succeed(run->store, run->claim, &run->result, held, error);
    case SV_END_CANCELLED:
        return sv_job_end_cancelled(run->store, run->claim, held, error);
    case SV_END_HANDED_BACK:
        return sv_job_hand_back(run->store, run->claim, 0, held, error);
    case SV_END_FAILED:
        return sv_job_fail(run->store, run->claim, settlement->reason, settlement->retry, held, error);
    case SV_END_LOST:
        break;
    }
    *held = false;
    return SV_OK;
}

/* The claim is renewed meanwhile, so a database that is away for a while costs no attempt. */
static sv_status_t
sv_settle_persist(const sv_settlement_t *settlement, bool *held, sv_error_t *error)
{
    const struct timespec pause = { .tv_nsec = 200000000 };
    int64_t until_ms = sv_clock_monotonic_ms() + settlement->run->settings->job_claim;
    sv_status_t status = sv_settle_write(settlement, held, error);

    while (sv_status_kind(status) == SV_KIND_UNAVAILABLE && sv_clock_monotonic_ms() < until_ms) {
        nanosleep(&pause, NULL);
        sv_error_clear(error);
        status = sv_settle_write(settlement, held, error);
    }
    return status;
}

static void
sv_settle_spool(const sv_settlement_t *settlement, bool held)
{
    const sv_job_run_t *run = settlement->run;

    if (run->result.file == NULL) {
        return;
    }
    if (held && settlement->end == SV_END_SUCCEEDED) {
        sv_spool_clean(run->spool_dir, run->claim->job_id, run->result.file);
    } else {
        sv_spool_remove_attempt(run->spool_dir, run->claim->job_id, run->claim->attempt);
    }
}

static const char *
sv_settle_status(const sv_settlement_t *settlement)
{
    switch (settlement->end) {
    case SV_END_SUCCEEDED:
        return "succeeded";
    case SV_END_CANCELLED:
        return "cancelled";
    case SV_END_FAILED:
        return sv_job_will_retry(settlement->run->claim, settlement->retry) ? "queued" : "failed";
    default:
        return "queued";
    }
}

/* A failed job stands where administrators look for what went wrong. */
static void
sv_settle_note(const sv_settlement_t *settlement)
{
    const sv_job_claim_t *claim = settlement->run->claim;
    const sv_error_t *reason = settlement->reason;
    const sv_error_entry_t entry = {
        .source = SV_ERROR_OF_WORKER,
        .code = sv_status_code(reason->status),
        .message = reason->cause != NULL     ? reason->cause
                   : reason->message != NULL ? reason->message
                                             : sv_status_message(reason->status),
        .route = claim->type,
        .job_id = claim->job_id,
    };
    sv_arena_t *arena = sv_arena_create();

    sv_error_log_note(settlement->run->store, NULL, &entry, arena);
    sv_arena_destroy(arena);
}

static void
sv_settle_log(const sv_settlement_t *settlement, bool held)
{
    const sv_job_claim_t *claim = settlement->run->claim;
    const sv_error_t *reason = settlement->reason;

    if (!held) {
        sv_log(SV_LOG_WARNING, "job %s (%s): attempt %lld was taken away; what it made is removed", claim->job_id,
               claim->type, (long long) claim->attempt);
    } else if (settlement->end == SV_END_FAILED) {
        sv_log(SV_LOG_WARNING, "job %s (%s): attempt %lld failed: %s: %s", claim->job_id, claim->type,
               (long long) claim->attempt, sv_status_code(reason->status),
               reason->cause != NULL ? reason->cause : sv_status_message(reason->status));
        sv_settle_note(settlement);
    }
}

void
sv_runner_settle(sv_job_run_t *run, const sv_dispatch_entry_t *entry, unsigned flags, sv_status_t status,
                 const sv_error_t *reason)
{
    sv_settlement_t settlement = {
        .run = run, .end = sv_settle_choose(flags, status), .reason = reason, .retry = sv_is_retried(reason)
    };
    const char *job_id = run->claim->job_id;
    bool held = false;
    sv_error_t error;

    sv_error_init(&error, run->arena);
    if (sv_settle_persist(&settlement, &held, &error) != SV_OK) {
        /* Nothing is known: the file stays, the claim lapses, and the sweep decides. */
        sv_log(SV_LOG_ERROR, "job %s: its end could not be written: %s", job_id,
               error.cause != NULL ? error.cause : sv_status_code(error.status));
        return;
    }
    sv_settle_spool(&settlement, held);
    sv_settle_log(&settlement, held);
    sv_error_clear(&error);
    sv_dispatch_drop(run->redis, entry->queue, entry, 1, &error);
    if (held && settlement.end == SV_END_HANDED_BACK) {
        sv_dispatch(run->redis, entry->queue, &job_id, 1, SV_DISPATCH_KEEP, NULL, &error);
    }
    if (held) {
        const sv_job_news_t news = sv_job_claim_news(run->claim, sv_settle_status(&settlement));

        sv_job_tell(run->redis, &news, run->arena);
    }
}
