#ifndef SV_LOG_LIMIT_H
#define SV_LOG_LIMIT_H

#include "ngx_stockverify_module/nginx.h"

/*
 * Lines of the log that a broken server could have written by the thousand: ten in ten seconds, then one that says how
 * many were left out.  On the event loop only.
 */
typedef struct {
    ngx_event_t  timer;
    ngx_log_t   *log;
    const char  *what;            /* the lines are about, for the one that counts them */
    ngx_msec_t   since;
    ngx_uint_t   written;
    ngx_uint_t   left_out;
} sv_log_limit_t;

void sv_log_limit_init(sv_log_limit_t *limit, ngx_log_t *log, const char *what);
/* Tells of what was left out. */
void sv_log_limit_end(sv_log_limit_t *limit);

/* Whether a line may be written now; one that may not is counted. */
bool sv_log_limit_pass(sv_log_limit_t *limit);

#endif
