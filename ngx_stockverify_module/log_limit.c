#include "ngx_stockverify_module/log_limit.h"

enum { SV_LOG_WINDOW_MS = 10000, SV_LOG_WINDOW_LINES = 10 };

static void
sv_log_limit_tell(sv_log_limit_t *limit)
{
    if (limit->left_out > 0) {
        ngx_log_error(NGX_LOG_WARN, limit->log, 0, "stockverify: %ui more lines about %s were left out",
                      limit->left_out, limit->what);
    }
    limit->left_out = 0;
    limit->written = 0;
}

static void
sv_log_limit_on_timer(ngx_event_t *event)
{
    sv_log_limit_tell(event->data);
}

void
sv_log_limit_init(sv_log_limit_t *limit, ngx_log_t *log, const char *what)
{
    ngx_memzero(limit, sizeof(*limit));
    limit->log = log;
    limit->what = what;
    limit->timer.handler = sv_log_limit_on_timer;
    limit->timer.data = limit;
    limit->timer.log = log;
    limit->timer.cancelable = 1;
}

void
sv_log_limit_end(sv_log_limit_t *limit)
{
    if (limit->timer.timer_set) {
        ngx_del_timer(&limit->timer);
    }
    if (limit->log != NULL) {
        sv_log_limit_tell(limit);
    }
}

bool
sv_log_limit_pass(sv_log_limit_t *limit)
{
    ngx_msec_t age = ngx_current_msec - limit->since;

    if (limit->written == 0 || (age >= SV_LOG_WINDOW_MS && limit->left_out == 0)) {
        limit->since = ngx_current_msec;
        limit->written = 0;
        age = 0;
    }
    if (limit->written < SV_LOG_WINDOW_LINES) {
        limit->written++;
        return true;
    }
    if (limit->left_out++ == 0) {
        ngx_add_timer(&limit->timer, SV_LOG_WINDOW_MS - age);
    }
    return false;
}
