#ifndef SV_SCHEDULE_H
#define SV_SCHEDULE_H

#include "core/jobs/cron.h"
#include "core/jobs/job.h"
#include "core/redis/client.h"

/*
 * Jobs that are requested by the clock (docs/data-model.md, report_schedules).  A slot is an instant; the job of a slot
 * is unique in `jobs`, so any number of schedulers, with clocks that step, make one run of it.  Slots that passed
 * while no worker was there are made up for by one run, that of the latest.  So are those that come while the run of a
 * slot has not ended: the schedule's `waiting_for` is its job.
 *
 * The clock is MongoDB's.  A run is made in the name of the schedule's owner with the role the account has then; when
 * the account is disabled or may no longer request it, the schedule is disabled and says why, `untold` until its owner
 * was told (core/report/delivery/schedule_news.h).
 */
typedef struct {
    const char *name;
    const char *cron;
    const char *time_zone;
    const char *type;     /* of the job */
    const bson_t *params; /* of the job, already checked */
    const bson_t *more;   /* members kept beside them (recipients, ...); may be NULL */
    bool enabled;
} sv_schedule_t;

/* `schedule` gets the document.  SV_ERR_VALIDATION_FAILED for cron ("invalid_format", "never"), time_zone ("unknown")
 * and type; SV_ERR_FORBIDDEN when the role may not request that kind of job. */
sv_status_t sv_schedule_create(sv_store_t *store, const sv_principal_t *who, const sv_schedule_t *wanted,
                               sv_arena_t *arena, const bson_t **schedule, sv_error_t *error);
/* Replaces all of it; whoever changes it becomes its owner.  SV_ERR_NOT_FOUND. */
sv_status_t
sv_schedule_change(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, const sv_schedule_t *wanted,
                   sv_arena_t *arena, const bson_t **schedule, sv_error_t *error);
sv_status_t sv_schedule_delete(sv_store_t *store, const char *schedule_id, sv_error_t *error);
/* The params of its jobs: with `tz`, the zone of the schedule, unless they name one themselves. */
const bson_t *sv_schedule_job_params(const bson_t *schedule, sv_arena_t *arena);
/* A run now, beside its slots; a pending one is given again. */
sv_status_t sv_schedule_run(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, sv_arena_t *arena,
                            const bson_t **job, bool *created, sv_error_t *error);

/* Requests the jobs of all slots up to `now_ms` and dispatches them (`redis` NULL: left to the repair). */
sv_status_t
sv_schedules_round(sv_store_t *store, sv_redis_client_t *redis, int64_t now_ms, int64_t *requested, sv_error_t *error);
/* The same by MongoDB's clock. */
sv_status_t sv_schedules_due(sv_store_t *store, sv_redis_client_t *redis, int64_t *requested, sv_error_t *error);
/* A clock that was ahead and is right again: brings next slots back to where they belong.  Slots that ran are not run
 * again. */
sv_status_t sv_schedules_mend(sv_store_t *store, int64_t now_ms, int64_t *mended, sv_error_t *error);

enum { SV_SCHEDULES_DUE_MS = 1000, SV_SCHEDULES_MEND_MS = 60000 };

#endif
