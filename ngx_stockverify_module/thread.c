#include "core/audit/error_log.h"
#include "core/store/contact.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/* Work on the threads of a pool (thread_pool stockverify_db, stockverify_hash, and one of the module's own). */

enum {
    SV_THREAD_HOLD_MS = 60000, /* how long nginx' own timers are told that a task is under way; renewed */
    SV_TELL_AGAIN_S = 60,
    SV_BUSY_RETRY_S = 1,
};

/* How long a task may have waited when its turn comes.  A client that waited so long is not helped by the answer any
 * more, and those behind it would wait as long; a morning's logins may, because hashing takes its time. */
static const ngx_msec_t sv_queue_wait_ms[SV_POOL_COUNT] = {
    [SV_POOL_DB] = 10000, [SV_POOL_HASH] = 20000, [SV_POOL_HEALTH] = 60000
};

/* A standalone server cannot do transactions.  Found out by the first thread that has a client; asked again until it
 * can. */
static void
sv_thread_check_server(sv_process_t *process, sv_call_t *call, ngx_log_t *log)
{
    sv_error_t error;
    sv_status_t status;
    ngx_atomic_t told = process->server_told_at;

    if (process->server_checked) {
        return;
    }
    sv_error_init(&error, call->arena);
    status = sv_store_check_server(call->store, &error);
    if (status == SV_OK) {
        process->server_checked = 1;
        return;
    }
    if (status == SV_ERR_INTERNAL && (ngx_atomic_t) ngx_time() >= told + SV_TELL_AGAIN_S &&
        ngx_atomic_cmp_set(&process->server_told_at, told, (ngx_atomic_t) ngx_time())) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "stockverify: %s", error.cause != NULL ? error.cause : error.message);
    }
    sv_fail_cause(&call->error, SV_ERR_UNAVAILABLE, "%s", error.cause != NULL ? error.cause : "MongoDB is away");
}

/* What the step learned of MongoDB; its status alone does not tell, because it may have asked nothing. */
static sv_mongodb_outcome_t
sv_thread_outcome(const sv_request_state_t *state, const sv_contact_t *before)
{
    sv_contact_t now = sv_contact_now();

    if (now.failed != before->failed && state->call.error.status == SV_ERR_UNAVAILABLE && !state->failed_before) {
        return SV_MONGODB_FAILED;
    }
    return now.answered != before->answered ? SV_MONGODB_ANSWERED : SV_MONGODB_NOT_ASKED;
}

/* A failure of our own is kept where administrators look, not in a log alone. */
static void
sv_thread_note_failure(const sv_request_state_t *state)
{
    const sv_call_t *call = &state->call;
    const sv_error_entry_t entry = { .source = SV_ERROR_OF_SERVER,
                                     .code = sv_status_code(call->error.status),
                                     .message = call->error.cause,
                                     .route = state->req.route != NULL ? state->req.route->id : NULL };

    if (sv_status_kind(call->error.status) == SV_KIND_INTERNAL) {
        sv_error_log_note(call->store, &call->principal, &entry, call->arena);
    }
}

/* On the thread. */
static void
sv_thread_with_store(sv_request_state_t *state, ngx_log_t *log)
{
    sv_process_t *process = state->process;
    sv_call_t *call = &state->call;
    uint64_t begun = sv_metrics_now_us();
    sv_contact_t before = sv_contact_now();

    call->store = sv_store_acquire(process->stores);
    if (call->store == NULL) {
        ngx_atomic_fetch_add(&process->zone->metrics.refused[SV_REFUSED_CLIENT], 1);
        sv_fail_cause(&call->error, SV_ERR_UNAVAILABLE, "no MongoDB client came free in time");
        return;
    }
    sv_thread_check_server(process, call, log);
    if (process->server_checked) {
        state->work(call);
        sv_thread_note_failure(state);
        sv_histogram_note(&process->zone->metrics.mongodb, sv_metrics_now_us() - begun);
    }
    sv_store_release(call->store);
    call->store = NULL;
    state->mongodb = sv_thread_outcome(state, &before);
    if (state->mongodb == SV_MONGODB_FAILED || (!process->server_checked && call->error.cause != NULL)) {
        sv_last_error_note(&process->zone->metrics.last_errors[SV_SERVER_MONGODB],
                           call->error.cause != NULL ? call->error.cause : "MongoDB is away");
    }
}

/* On the thread, when the task's turn has come: the circuit may have opened while it waited. */
static bool
sv_thread_turn_came(sv_request_state_t *state)
{
    sv_error_t *error = &state->call.error;
    sv_refusal_t why = SV_REFUSED_WAIT;
    sv_status_t status = SV_ERR_BUSY;
    int retry_after_s = SV_BUSY_RETRY_S;

    if (ngx_current_msec - state->posted_at < sv_queue_wait_ms[state->pool]) {
        if (state->pool != SV_POOL_DB || state->admission.as == SV_BREAKER_PROBE) {
            return true;
        }
        state->admission = sv_breaker_admit(&state->process->zone->breaker, ngx_current_msec);
        if (state->admission.as != SV_BREAKER_REFUSED) {
            return true;
        }
        why = SV_REFUSED_CIRCUIT;
        status = SV_ERR_CIRCUIT_OPEN;
        retry_after_s = state->admission.retry_after_s;
    }
    ngx_atomic_fetch_add(&state->process->zone->metrics.refused[why], 1);
    if (error->status == SV_OK) {
        error->retry_after_s = retry_after_s;
    }
    sv_fail(error, status, NULL);
    state->shed = 1;
    return false;
}

/* On the thread, so that the task behind this one finds the circuit as this one left it. */
static void
sv_thread_report(sv_request_state_t *state, ngx_log_t *log)
{
    sv_process_t *process = state->process;
    const sv_settings_t *settings = &process->conf->settings;
    bool failed = state->mongodb == SV_MONGODB_FAILED;
    ngx_uint_t level = failed ? NGX_LOG_ERR : NGX_LOG_NOTICE;

    if (state->pool != SV_POOL_DB || state->admission.as == SV_BREAKER_REFUSED) {
        return;
    }
    if (sv_breaker_report(&process->zone->breaker, &state->admission, state->mongodb, ngx_current_msec,
                          (ngx_uint_t) settings->circuit_breaker_failure_threshold,
                          (ngx_msec_t) settings->circuit_breaker_timeout * 1000)) {
        ngx_log_error(level, log, 0, "stockverify: the circuit before MongoDB is %s: %s", failed ? "open" : "closed",
                      failed && state->call.error.cause != NULL ? state->call.error.cause : "it answers");
    }
}

/* On the thread: touches neither the nginx request nor a pool of nginx. */
static void
sv_thread_run(void *data, ngx_log_t *log)
{
    sv_request_state_t *state = *(sv_request_state_t **) data;
    sv_process_gauges_t *gauges = state->process->gauges;

    ngx_atomic_fetch_add(&gauges->queued[state->pool], -1);
    ngx_atomic_fetch_add(&gauges->running[state->pool], 1);
    gauges->waited_ms[state->pool] = ngx_current_msec - state->posted_at;
    gauges->begun_at[state->pool] = ngx_current_msec;
    if (!sv_thread_turn_came(state)) {
        /* answered by its error */
    } else if (state->pool == SV_POOL_HASH) {
        state->work(&state->call);
    } else {
        sv_thread_with_store(state, log);
    }
    sv_thread_report(state, log);
    ngx_atomic_fetch_add(&gauges->running[state->pool], -1);
}

/* Whoever asked for the step goes on, unless it was refused and the refusal is the answer. */
static sv_next_pt
sv_thread_next(const sv_request_state_t *state)
{
    return state->shed && !state->resume_on_refusal && state->req.http != NULL ? sv_http_answer : state->next;
}

/* nginx calls it when the task is done, and, for reasons of its own, sometimes before. */
static void
sv_thread_resume(ngx_http_request_t *r)
{
    sv_context_t *context = sv_context(r);

    if (context != NULL && context->state != NULL && context->state->thread_done) {
        context->state->thread_done = 0;
        r->write_event_handler = ngx_http_request_empty_handler;
        context->state->references--;
        sv_thread_next(context->state)(&context->state->req);
    }
}

static void
sv_thread_done(ngx_event_t *event)
{
    sv_request_state_t *state = event->data;
    ngx_http_request_t *r = state->req.http;
    ngx_connection_t *connection;

    if (event->timedout) {
        event->timedout = 0;
        ngx_log_error(NGX_LOG_WARN, event->log, 0, "stockverify: a thread has worked for more than %d s",
                      SV_THREAD_HOLD_MS / 1000);
        ngx_add_timer(event, SV_THREAD_HOLD_MS);
        return;
    }
    if (event->timer_set) {
        ngx_del_timer(event);
    }
    if (r == NULL) {
        sv_state_step_over(state, sv_thread_next(state));
        return;
    }
    connection = r->connection;
    ngx_http_set_log_request(connection->log, r);
    r->main->blocked--;
    r->aio = 0;
    if (state->gone) {
        /* The request's own end was put off until now; it takes the state with it unless effects still run. */
        sv_state_abandon(state);
        state->references--;
        r->write_event_handler(r);
    } else {
        state->thread_done = 1;
        r->write_event_handler(r);
    }
    ngx_http_run_posted_requests(connection);
}

static ngx_int_t
sv_thread_post(sv_request_state_t *state)
{
    struct {
        ngx_thread_task_t task;
        sv_request_state_t *state;
    } *posted = sv_arena_zalloc(state->call.arena, sizeof(*posted));
    ngx_thread_task_t *task = &posted->task;
    sv_process_gauges_t *gauges = state->process->gauges;

    posted->state = state;
    task->ctx = &posted->state;
    task->handler = sv_thread_run;
    task->event.handler = sv_thread_done;
    task->event.data = state;
    task->event.log = state->process->log;
    state->task = task;
    state->posted_at = ngx_current_msec;
    ngx_atomic_fetch_add(&gauges->queued[state->pool], 1);
    if (ngx_thread_task_post(state->process->conf->pools[state->pool], task) != NGX_OK) {
        ngx_atomic_fetch_add(&gauges->queued[state->pool], -1);
        return NGX_ERROR;
    }
    /* Without a timer a worker that is told to quit would not wait for the task. */
    ngx_add_timer(&task->event, SV_THREAD_HOLD_MS);
    return NGX_OK;
}

static void
sv_thread_refuse(sv_request_state_t *state, sv_refusal_t why, sv_status_t status, int retry_after_s)
{
    sv_error_t *error = &state->call.error;

    ngx_atomic_fetch_add(&state->process->zone->metrics.refused[why], 1);
    if (error->status == SV_OK) {
        error->retry_after_s = retry_after_s;
    }
    sv_fail(error, status, NULL);
    if (state->resume_on_refusal || state->req.http == NULL) {
        state->next(&state->req);
    } else {
        sv_http_answer(&state->req);
    }
}

void
sv_http_thread(sv_request_t *req, sv_pool_t pool, sv_call_step_t work, sv_next_pt next)
{
    sv_request_state_t *state = req->state;
    ngx_http_request_t *r = req->http;
    sv_breaker_t *breaker = &state->process->zone->breaker;

    state->pool = pool;
    state->work = work;
    state->next = next;
    state->thread_done = 0;
    state->shed = 0;
    state->failed_before = state->call.error.status != SV_OK;
    state->mongodb = SV_MONGODB_NOT_ASKED;
    state->admission = (sv_admission_t){ .as = SV_BREAKER_ADMITTED };
    if (pool == SV_POOL_DB) {
        state->admission = sv_breaker_admit(breaker, ngx_current_msec);
        if (state->admission.as == SV_BREAKER_REFUSED) {
            sv_thread_refuse(state, SV_REFUSED_CIRCUIT, SV_ERR_CIRCUIT_OPEN, state->admission.retry_after_s);
            return;
        }
    }
    if (sv_thread_post(state) != NGX_OK) {
        sv_thread_report(state, state->process->log); /* a probe is given back */
        sv_thread_refuse(state, SV_REFUSED_QUEUE, SV_ERR_BUSY, SV_BUSY_RETRY_S);
        return;
    }
    state->references++;
    if (r != NULL) {
        r->main->blocked++;
        r->aio = 1;
        sv_state_watch_client(state);
        r->write_event_handler = sv_thread_resume;
    }
}
