#ifndef SV_REQUEST_H
#define SV_REQUEST_H

#include "ngx_stockverify_module/nginx.h"
#include "core/auth/gate.h"
#include "core/floor/heartbeat.h"
#include "ngx_stockverify_module/handlers.h"
#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/request_type.h"

/*
 * A request on its way through a chain of steps.  The machinery that
 * suspends, times out, survives an aborting client and resumes is here, once;
 * a handler reads: check, call the domain, answer.
 *
 * All functions run on the event loop.  Each step function takes over: after
 * calling one, the handler returns at once and goes on in `next`.  `next` is not
 * called when the client has gone; what a thread or Redis still does for it is finished and
 * thrown away.
 */
/* Where nginx keeps bodies: a directory that this process may write to. */
const char *sv_http_temp_dir(const sv_request_t *req);

/* Sends the commands in one pipeline (NOSCRIPT repaired, time limit redis_timeout), reads each reply,
 * then goes on in `next`. */
void sv_http_redis(sv_request_t *req, sv_redis_command_t *const *commands, size_t count,
                   sv_reply_reader_pt read, sv_next_pt next);

/* Sends one heartbeat and goes on in `next` with *outcome set (heartbeat_batch.h).  `heartbeat` and `outcome` lie in the
 * call's arena. */
void sv_http_heartbeat(sv_request_t *req, const sv_heartbeat_t *heartbeat, sv_heartbeat_outcome_t *outcome,
                       sv_next_pt next);

/* Runs `work` on a pool's thread (metrics.h names the pools), then `next`.  Steps on SV_POOL_DB go through the circuit breaker and get
 * call->store: an open circuit (also when it opened while the task waited for its thread), a full queue or too long a
 * wait in it answers 503 by itself and `next` is not called, unless the request was made sv_http_resume_on_refusal(). */
void sv_http_thread(sv_request_t *req, sv_pool_t pool, sv_call_step_t work, sv_next_pt next);

/* Goes on in `next` after `ms`, holding neither a thread nor a connection to a server. */
void sv_http_pause(sv_request_t *req, ngx_msec_t ms, sv_next_pt next);

/* If the client goes away from here on, `undo` runs on the event loop as soon as no step is under way; the effects it
 * adds are sent. */
void sv_http_on_abandon(sv_request_t *req, sv_call_step_t undo);

/* From here on a refused thread step sets call->error and goes on in its `next` all the same (a
 * claim has a lease to give back). */
void sv_http_resume_on_refusal(sv_request_t *req);

/* What the token says; NULL on a route without one.  A SV_OWN_GATE route asks Redis of these by itself. */
const sv_token_claims_t *sv_http_claims(const sv_request_t *req);

/* For the handlers of SV_OWN_GATE routes, to whom Redis did not say that the account may go on: goes through the gate that
 * other routes have, which asks MongoDB when Redis does not know and keeps what it says there.  Goes on in `next` with
 * call->principal filled, or with call->error set when the account may not go on or its role is below the route's. */
void sv_http_gate_load(sv_request_t *req, sv_next_pt next);

/* The same with claims that came otherwise than in the header, and for work without a client: an account of any role may
 * go on. */
void sv_http_gate_claims(sv_request_t *req, const sv_token_claims_t *claims, sv_next_pt next);

/* Runs the call's effects, then sends the answer the call holds: the envelope round `data`, or the
 * error.  Ends the request. */
void sv_http_answer(sv_request_t *req);

/* An answer that is not an envelope.  Ends the request. */
void sv_http_answer_plain(sv_request_t *req, const sv_buffer_t *body, const char *content_type);

/* Sends the head of an answer that comes piece by piece.  NGX_OK: the request is the caller's, its body to be sent and
 * its end to be made (event_stream.c); else it was ended here. */
ngx_int_t sv_http_answer_begin(sv_request_t *req, const char *content_type);

/* Whether the envelope puts the members of `data` on top. */
bool sv_http_is_flat(const sv_request_t *req);

/*
 * For handlers that tell of the process itself (process.h):
 * - sv_http_hold() has the request wait for something that is no step of its own, until sv_http_go_on(); a client that
 *   goes away is noticed, and `next` then not called;
 * - sv_http_work_begin() is work which no client waits for: its steps are a request's, the last `next` ends it.
 */
struct sv_process_s *sv_http_process(const sv_request_t *req);
void                 sv_http_hold(sv_request_t *req);
void                 sv_http_go_on(sv_request_t *req, sv_next_pt next);
sv_request_t        *sv_http_work_begin(struct sv_process_s *process);
void                 sv_http_work_end(sv_request_t *work);

#endif
