#ifndef SV_REPORT_SCHEDULE_H
#define SV_REPORT_SCHEDULE_H

#include "core/jobs/schedule.h"
#include "core/base/json_reader.h"
#include "core/base/json_writer.h"
#include "core/store/page.h"

/*
 * Reports and snapshots by the clock, mailed to people: a schedule (core/jobs/schedule.h) whose job makes a fixed
 * report or takes a snapshot, with the recipients of the file (core/report/delivery/delivery.h).  Of the snapshots that
 * it took it keeps the last few, where it says how many.  Supervisors share schedules; one whose report is for
 * administrators is seen and changed by these only.  Every change is in the audit trail.
 */
enum { SV_RECIPIENTS_MAX = 50 };

extern const char sv_schedule_snapshot[]; /* the `type` of one that takes snapshots; others have their report's */

typedef struct {
    const char *name, *cron, *time_zone;
    bool enabled;
    const char *type;     /* of its jobs */
    const bson_t *params; /* of its jobs, with the format of the file and what only a schedule has */
    const char **recipients;
    size_t recipient_count;
} sv_report_schedule_t;

/* Reads {name, cron, time_zone, enabled, recipients[], type} and the report's own members (sv_fixed_request_read), or
 * the snapshot's (sv_snapshot_wanted_read) with {keep} and the format of the file that is mailed.  Without time_zone
 * the zone is the warehouse's that it is about, else TIME_ZONE.  False with the wrong fields named; that cron and time
 * zone are some is found out when it is saved. */
bool sv_report_schedule_read(sv_store_t *store, const json_t *body, sv_role_t role, sv_arena_t *arena,
                             sv_report_schedule_t *schedule, sv_error_t *error);

/* `schedule_id` NULL: a new one.  SV_ERR_NOT_FOUND, SV_ERR_FORBIDDEN, SV_ERR_VALIDATION_FAILED. */
sv_status_t sv_report_schedule_save(sv_store_t *store, const sv_principal_t *who, const char *schedule_id,
                                    const sv_report_schedule_t *wanted, sv_arena_t *arena, const bson_t **schedule,
                                    sv_error_t *error);
sv_status_t
sv_report_schedule_delete(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, sv_error_t *error);
sv_status_t sv_report_schedule_load(sv_store_t *store, const sv_principal_t *who, const char *schedule_id,
                                    sv_arena_t *arena, const bson_t **schedule, sv_error_t *error);
/* A page's members, the latest made first. */
sv_status_t sv_report_schedules_list(sv_store_t *store, const sv_principal_t *who, sv_page_t *page, sv_json_writer_t *w,
                                     sv_arena_t *arena, sv_error_t *error);
void sv_report_schedule_write_json(sv_json_writer_t *w, const char *name, const bson_t *schedule);

#endif
