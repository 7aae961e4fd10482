#include "ngx_stockverify_module/api/login_throttle.h"

static void
sv_throttle_decide(sv_request_t *req)
{
    const sv_login_throttle_t *throttle = req->call->state;

    if (req->call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    if (throttle->wait_s > 0) {
        sv_throttle_refuse(throttle->wait_s, &req->call->error);
        sv_http_answer(req);
        return;
    }
    throttle->next(req);
}

static void
sv_throttle_count_in_store(sv_call_t *call)
{
    sv_login_throttle_t *throttle = call->state;

    sv_throttle_attempt(call->store, &throttle->attempt, &throttle->wait_s, &call->error);
}

static void
sv_throttle_read(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_login_throttle_t *throttle = call->state;

    (void) index;
    throttle->by_redis = sv_throttle_attempt_read(reply, &throttle->wait_s);
}

static void
sv_throttle_asked(sv_request_t *req)
{
    const sv_login_throttle_t *throttle = req->call->state;

    if (throttle->by_redis) {
        sv_throttle_decide(req);
        return;
    }
    sv_http_thread(req, SV_POOL_DB, sv_throttle_count_in_store, sv_throttle_decide);
}

void
sv_http_throttle(sv_request_t *req, sv_next_pt next)
{
    sv_call_t *call = req->call;
    sv_login_throttle_t *throttle = call->state;

    throttle->next = next;
    throttle->attempt.address = sv_throttle_address(call->principal.address, call->arena);
    sv_throttle_attempt_command(&throttle->command, call->arena, call->settings, &throttle->attempt);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &throttle->command }, 1, sv_throttle_read, sv_throttle_asked);
}

void
sv_throttle_settle(sv_call_t *call)
{
    const sv_login_throttle_t *throttle = call->state;
    sv_error_t error;

    if (throttle->by_redis) {
        sv_throttle_success_command(sv_call_effect(call), call->arena, &throttle->attempt);
        return;
    }
    /* The login is good whether or not its count can be taken back: that one lasts a minute. */
    sv_error_init(&error, call->arena);
    sv_throttle_success(call->store, &throttle->attempt, &error);
}
