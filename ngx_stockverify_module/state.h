#ifndef SV_STATE_H
#define SV_STATE_H

#include "core/auth/account.h"
#include "core/auth/gate.h"
#include "ngx_stockverify_module/process.h"
#include "ngx_stockverify_module/request_type.h"
#include "ngx_stockverify_module/router.h"

/* The inside of a request, for the plumbing alone: handlers (api/) have request.h. */

typedef struct sv_request_state_s  sv_request_state_t;

/* The module's context of an nginx request.  An answer that nginx made itself has no state. */
typedef struct {
    sv_request_state_t  *state;
    ngx_buf_t           *replacement;      /* the envelope in place of nginx's page, until it was sent */
    unsigned             replaced:1;
} sv_context_t;

struct sv_request_state_s {
    sv_context_t             context;
    sv_request_t             req;
    sv_call_t                call;
    sv_process_t            *process;
    sv_location_conf_t      *location;
    const sv_route_entry_t  *entry;
    uint64_t                 started_us;
    ngx_str_t                request_id;

    unsigned                 references;           /* the nginx request, and every step under way */
    unsigned                 gone:1;               /* the nginx request ended: nothing is to go on */
    unsigned                 answered:1;
    unsigned                 headers_added:1;      /* X-Request-Id and the like */
    unsigned                 resume_on_refusal:1;
    unsigned                 has_claims:1;
    unsigned                 thread_done:1;
    unsigned                 failed_before:1;      /* the error is older than the thread step */
    unsigned                 allowed;              /* methods, for Allow; 0: not to be sent */
    sv_status_t              answer_status;        /* what was answered, for the log's variable */

    sv_next_pt               next;
    /* a Redis step */
    sv_reply_reader_pt       read;
    size_t                   replies_left;
    /* a thread step */
    ngx_thread_task_t       *task;
    sv_pool_t                pool;
    sv_call_step_t           work;
    ngx_msec_t               posted_at;
    sv_admission_t           admission;
    sv_mongodb_outcome_t     mongodb;
    bool                     shed;                 /* refused when its turn came: no bit, which a thread would share */
    sv_call_step_t           undo;                 /* when the client goes (sv_http_on_abandon); NULL: nothing */
    /* the gate */
    sv_token_claims_t        claims;
    sv_gate_result_t         gate;
    sv_redis_command_t       gate_command;
    sv_gate_facts_t          facts;
    sv_next_pt               gate_next;
    sv_role_t                gate_role;            /* the lowest that may */
    unsigned                 gate_is_own:1;        /* whoever asked has something to do before a refusal is answered */
    unsigned                 gate_looked:1;        /* Redis answered the look without a script */
};

/* A state with its arena; `r` NULL: work of the process' own, which no client waits for.  NULL when out of memory. */
sv_request_state_t *sv_state_create(sv_process_t *process, ngx_http_request_t *r);

/* One step less uses the state; the last frees it. */
void sv_state_release(sv_request_state_t *state);

/* The context of a request, also after nginx forgot it; NULL when the module never had it. */
sv_context_t *sv_context(ngx_http_request_t *r);

/* The state of a call that a step on a thread, or the reader of a reply, was given. */
static inline sv_request_state_t *
sv_state_of(sv_call_t *call)
{
    return (sv_request_state_t *) ((char *) call - offsetof(sv_request_state_t, call));
}

/* While a step is under way: a client that goes away is noticed, and nothing else happens to the request. */
void sv_state_watch_client(const sv_request_state_t *state);

/* The end of a step that held a reference: goes on in `next` or, when the client has gone meanwhile, undoes what was
 * begun and lets the state go.  On behalf of an event that is not the request's own. */
void sv_state_step_over(sv_request_state_t *state, sv_next_pt next);

/* The client is gone: undoes what was begun and sends the call's effects, waiting for nothing. */
void sv_state_abandon(sv_request_state_t *state);

/* redis_step.c: sends the call's effects without waiting for them. */
void sv_state_send_effects(sv_request_state_t *state);

/* gate.c: from the Authorization header to the handler.  sv_gate_read_token() is the part that needs no waiting. */
sv_status_t sv_gate_read_token(sv_request_state_t *state);
void        sv_gate_enter(sv_request_state_t *state, sv_next_pt next);

/* body.c */
/* What the headers say of the body: SV_ERR_BODY_TOO_LARGE or SV_ERR_MEDIA_TYPE before any of it is read. */
sv_status_t sv_body_announced(sv_request_state_t *state);
/* Reads the body the route takes and goes on; the first moment at which the client is sent 100 Continue. */
void        sv_body_read(sv_request_state_t *state, sv_next_pt next);
/* Before an answer: throws away a body that nobody read.  NGX_OK, or what to finalize the request with. */
ngx_int_t   sv_body_drop(ngx_http_request_t *r, bool too_large);

/* request_id.c */
ngx_str_t sv_request_id(ngx_http_request_t *r, sv_process_t *process);

#endif
