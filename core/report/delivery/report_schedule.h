#ifndef SV_REPORT_SCHEDULE_H
#define SV_REPORT_SCHEDULE_H

#include "core/jobs/schedule.h"
#include "core/report/fixed/fixed.h"
#include "core/store/page.h"

/*
 * Reports by the clock, mailed to people: a schedule (core/jobs/schedule.h) whose job makes a fixed report, with the
 * recipients of its file (core/report/delivery/delivery.h).  Supervisors share them; one whose report is for
 * administrators is seen and changed by these only.  Every change is in the audit trail.
 */
enum { SV_RECIPIENTS_MAX = 50 };

typedef struct {
    const char *name, *cron;
    const char *time_zone; /* NULL: the warehouse's of its filters, else TIME_ZONE */
    bool enabled;
    sv_fixed_request_t request;
    const char **recipients;
    size_t recipient_count;
} sv_report_schedule_t;

/* Reads {name, cron, time_zone, enabled, recipients[]} and the report's own members (sv_fixed_request_read).  False
 * with the wrong fields named; that cron and time zone are some is found out when it is saved. */
bool sv_report_schedule_read(const json_t *body, sv_role_t role, sv_arena_t *arena, sv_report_schedule_t *schedule,
                             sv_error_t *error);

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
