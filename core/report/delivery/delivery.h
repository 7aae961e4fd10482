#ifndef SV_DELIVERY_H
#define SV_DELIVERY_H

#include "core/auth/principal.h"
#include "core/redis/client.h"
#include "core/store/page.h"

/*
 * Reports on their way to people (docs/data-model.md, report_deliveries).  When a schedule's job has ended, a duty of
 * the worker writes one delivery for each recipient and requests one job that mails them (kind mail.deliver), in one
 * transaction: a run is delivered once, whoever dies.  What mail servers answered is noted recipient by recipient.
 */

/* One round of the duty: runs that ended, and deliveries whose job is over.  *done counts both. */
sv_status_t sv_deliveries_round(sv_store_t *store, sv_redis_client_t *redis, int64_t *done, sv_error_t *error);

enum { SV_DELIVERIES_MS = 1000 };

typedef struct {
    const char *delivery_id;
    const char *recipient;
    int64_t resent; /* how often it was asked for again, by hand */
} sv_delivery_t;

/* Those that a mail.deliver job is still to make. */
sv_status_t sv_deliveries_pending(sv_store_t *store, const char *mail_job_id, sv_arena_t *arena,
                                  const sv_delivery_t **deliveries, size_t *count, sv_error_t *error);

/* Those of a job that mails them, which had failed before the job was requeued by hand, are to be made again. */
sv_status_t sv_deliveries_reopen(sv_store_t *store, const char *mail_job_id, int64_t requeued_ms, sv_error_t *error);

/* One that was sent or failed is mailed again, by a job of its own, to be dispatched by the caller.  SV_ERR_NOT_FOUND;
 * SV_ERR_FORBIDDEN where the report is not for `who`; SV_ERR_CONFLICT_STATE while it is pending, or when its run made
 * no file; SV_ERR_RESULT_EXPIRED when the file is gone. */
sv_status_t sv_delivery_resend(sv_store_t *store, const sv_principal_t *who, const char *schedule_id,
                               const char *delivery_id, sv_arena_t *arena, const bson_t **mail_job, sv_error_t *error);

typedef enum { SV_DELIVERY_SENT, SV_DELIVERY_FAILED, SV_DELIVERY_LATER } sv_delivery_outcome_t;

/* What came of a try; one that was sent or failed stays so.  `how`: "file" or "link"; `code` and `message` of a
 * failure, NULL when sent. */
sv_status_t sv_delivery_note(sv_store_t *store, const char *delivery_id, sv_delivery_outcome_t outcome, const char *how,
                             const char *code, const char *message, sv_error_t *error);

/* A page's members for a schedule, the latest first. */
sv_status_t sv_deliveries_list(sv_store_t *store, const char *schedule_id, sv_page_t *page, sv_json_writer_t *w,
                               sv_arena_t *arena, sv_error_t *error);

#endif
