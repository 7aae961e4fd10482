#include <time.h>

#include "core/adjust/approve_steps.h"
#include "core/jobs/handler_calls.h"
#include "core/review/unsent.h"

/* A phone that is sending says with each batch what it has left: one that said nothing for so long is not. */
enum { SV_PHONE_PATIENCE_MS = 10000, SV_PHONES_PATIENCE_MS = 120000, SV_PHONES_WAIT_MS = 200 };

/* What phones that are sending at this moment have left. */
static sv_status_t
sv_phones_left(sv_approval_t *approval, int64_t now_ms, int64_t *left, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_unsent_t unsent;

    *left = 0;
    if (sv_unsent_read(approval->job->store, approval->count_id, &unsent, arena, error) == SV_OK) {
        for (size_t i = 0; i < unsent.count; i++) {
            *left += now_ms - unsent.phones[i].left_at_ms < SV_PHONE_PATIENCE_MS ? unsent.phones[i].left : 0;
        }
    }
    sv_arena_destroy(arena);
    return error->status;
}

sv_status_t
sv_approval_await_phones(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;
    const struct timespec pause = { .tv_nsec = SV_PHONES_WAIT_MS * 1000000L };
    int64_t began_ms = 0, now_ms = 0, left = 0;

    do {
        if (sv_store_now(job->store, &now_ms, error) != SV_OK ||
            sv_phones_left(approval, now_ms, &left, error) != SV_OK) {
            return error->status;
        }
        began_ms = began_ms == 0 ? now_ms : began_ms;
        if (left > 0) {
            if (sv_job_run_progress(job, "unsent", 0, left, error) != SV_OK) {
                return error->status;
            }
            nanosleep(&pause, NULL);
        }
    } while (left > 0 && now_ms - began_ms < SV_PHONES_PATIENCE_MS);
    return SV_OK;
}
