#ifndef SV_JOB_ANSWER_H
#define SV_JOB_ANSWER_H

#include "ngx_stockverify_module/request.h"

/*
 * How routes answer whose work a job does.  Such a route is a LOOP route (routes.def):
 *
 *     static void
 *     sv_snapshot_ask(sv_call_t *call)                  on a database thread: check, request the job
 *     {
 *         ...
 *         if (sv_job_request(call->store, &call->principal, &request, call->arena, &job, &created,
 *                            &call->error) == SV_OK) {
 *             sv_job_asked(call, job, created);
 *         }
 *     }
 *
 *     static void
 *     sv_snapshot_made(sv_call_t *call)                 on a database thread: `data` of what the job made
 *     {
 *         sv_snapshot_write(call->store, sv_job_resource_id(call), &call->json, ...);
 *     }
 *
 *     void
 *     sv_http_snapshot_create(sv_request_t *req)
 *     {
 *         sv_http_job(req, sv_snapshot_ask, sv_snapshot_made);
 *     }
 *
 * The client gets
 * - what `ask` answered by itself, when it ended in an error or asked for no job (a file that is there already);
 * - 202, `Location: /api/jobs/{job_id}`, Retry-After and the job as `data`;
 * - with `Prefer: wait=N`, as soon as the job ends within N seconds: 201, `Location` of what was made, and what `made`
 *   writes; or 200 and the job when it failed or was cancelled.  Waiting holds neither a thread nor a connection to a
 *   server; a stopping nginx answers 202 at once.
 */

/* `made` NULL: the job itself is `data`, its file the Location. */
void sv_http_job(sv_request_t *req, sv_call_step_t ask, sv_call_step_t made);

/* For `ask`: this job does the work.  Sees to its dispatch; call->job is what `made` will find, as it ended. */
void sv_job_asked(sv_call_t *call, const bson_t *job, bool created);

/* For `made`: job.resource.id; NULL when the job made no resource. */
const char *sv_job_resource_id(const sv_call_t *call);

/* As `made` of a route whose answer is the job's file. */
void sv_job_made_file(sv_call_t *call);

/* Whether its file can be had; else call->error is SV_ERR_CONFLICT_STATE (it has not succeeded), SV_ERR_RESULT_EXPIRED
 * or SV_ERR_NOT_FOUND (a job without a file). */
bool sv_job_has_file(sv_call_t *call, const bson_t *job);

/* Answers with the job's file, or as sv_job_has_file() said: ETag, Range, If-Range, HEAD, Content-Disposition, by
 * sendfile.  Who may have it is the route's to check: its role, or sv_job_load() and the role of the job's kind. */
void sv_job_answer_file(sv_call_t *call, const bson_t *job);

#endif
