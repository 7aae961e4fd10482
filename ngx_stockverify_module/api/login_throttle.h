#ifndef SV_LOGIN_THROTTLE_H
#define SV_LOGIN_THROTTLE_H

#include "core/auth/throttle.h"
#include "ngx_stockverify_module/request.h"

/* The steps that count a try before a secret is looked at (core/auth/throttle.h).  A handler that takes them has this
 * as the first member of its call's state, with `attempt` set. */
typedef struct {
    sv_login_attempt_t attempt;
    sv_redis_command_t command;
    sv_next_pt next;
    int wait_s;
    bool by_redis; /* Redis counted; else MongoDB did */
} sv_login_throttle_t;

/* Counts the try; goes on in `next`, or answers 429 by itself. */
void sv_http_throttle(sv_request_t *req, sv_next_pt next);

/* In the step on a database thread that found the secret good: takes the count back. */
void sv_throttle_settle(sv_call_t *call);

#endif
