#ifndef SV_SCHEDULE_NEWS_H
#define SV_SCHEDULE_NEWS_H

#include "core/redis/client.h"
#include "core/store/store.h"

/*
 * What a schedule's owner is told: that a run failed for good, and that the schedule was disabled by itself
 * (core/jobs/schedule.h).  As an event, and as a mail to whom its reports are mailed: accounts have no address.  How
 * the last run ended stands on the schedule (last_run_at, last_status, last_error).
 */
typedef struct {
    const char *type; /* of the event: "schedule.failed", "schedule.disabled"; NULL: there is nothing to tell */
    const char *schedule_id, *owner, *job_id; /* job_id NULL: of no run */
} sv_schedule_news_t;

/* Inside the transaction that takes a run which has ended: notes how, and requests the mails of one that failed. */
sv_status_t sv_schedule_note_run(sv_store_t *store, const bson_t *schedule, const bson_t *run, sv_arena_t *arena,
                                 sv_schedule_news_t *news, sv_error_t *error);
/* Once it is committed.  A hint: `redis` may be NULL. */
void sv_schedule_tell(sv_redis_client_t *redis, const sv_schedule_news_t *news, sv_arena_t *arena);

/* Tells of schedules that were disabled since (`untold`), each once; *done counts them. */
sv_status_t sv_schedules_tell_disabled(sv_store_t *store, sv_redis_client_t *redis, int64_t *done, sv_error_t *error);

#endif
