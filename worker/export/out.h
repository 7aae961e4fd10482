#ifndef SV_EXPORT_OUT_H
#define SV_EXPORT_OUT_H

#include <stddef.h>

#include "core/base/error.h"

/* Bytes on their way into a file, gathered to large writes.  A failed write is kept until sv_out_check() tells it;
 * what comes after it is dropped. */
typedef struct {
    int fd;
    int failed; /* errno of the first write that failed; 0: none */
    size_t used;
    char *data;
} sv_out_t;

enum { SV_OUT_SIZE = 64 * 1024 };

/* Makes the file or empties it.  SV_ERR_UNAVAILABLE when it can't be made. */
sv_status_t sv_out_open(sv_out_t *out, const char *path, sv_error_t *error);
/* Room for `length` (<= SV_OUT_SIZE) bytes, which the caller fills in and counts in out->used. */
char *sv_out_reserve(sv_out_t *out, size_t length);
void sv_out_write(sv_out_t *out, const void *bytes, size_t length);
void sv_out_puts(sv_out_t *out, const char *text);
void sv_out_flush(sv_out_t *out);
/* SV_ERR_UNAVAILABLE when a write failed (a full disk may have room later). */
sv_status_t sv_out_check(const sv_out_t *out, sv_error_t *error);
void sv_out_close(sv_out_t *out); /* may be called twice */

#endif
