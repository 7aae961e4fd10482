#ifndef SV_LAST_ERROR_H
#define SV_LAST_ERROR_H

#include "ngx_stockverify_module/nginx.h"

/*
 * What a server failed by last, as any process of the host saw it: a short text in the shared zone, for who administers
 * it.  Written and read without a lock: `sequence` is odd while somebody writes, and whoever meets that leaves it, since
 * one error is told as well as another.  A writer that was killed is passed over after a while.
 */
enum { SV_LAST_ERROR_WORDS = 24 };

typedef struct {
    ngx_atomic_t  sequence;
    ngx_atomic_t  at;                         /* seconds; 0: there was none */
    ngx_atomic_t  text[SV_LAST_ERROR_WORDS];  /* NUL-padded */
} sv_last_error_t;

typedef struct {
    time_t  at;                               /* 0: there was none */
    char    text[SV_LAST_ERROR_WORDS * sizeof(ngx_atomic_t) + 1];
} sv_last_error_seen_t;

/* On any thread.  A text that is too long is cut. */
void sv_last_error_note(sv_last_error_t *error, const char *text);
void sv_last_error_read(const sv_last_error_t *error, sv_last_error_seen_t *seen);

#endif
