#include "worker/export/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

sv_status_t
sv_out_open(sv_out_t *out, const char *path, sv_error_t *error)
{
    *out = (sv_out_t){ .fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640) };
    if (out->fd < 0) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    }
    out->data = malloc(SV_OUT_SIZE);
    if (out->data == NULL) {
        sv_out_close(out);
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    return SV_OK;
}

static void
sv_out_send(sv_out_t *out, const char *bytes, size_t length)
{
    while (length > 0 && out->failed == 0) {
        ssize_t written = write(out->fd, bytes, length);

        if (written >= 0) {
            bytes += written;
            length -= (size_t) written;
        } else if (errno != EINTR) {
            out->failed = errno;
        }
    }
}

void
sv_out_flush(sv_out_t *out)
{
    sv_out_send(out, out->data, out->used);
    out->used = 0;
}

char *
sv_out_reserve(sv_out_t *out, size_t length)
{
    if (SV_OUT_SIZE - out->used < length) {
        sv_out_flush(out);
    }
    return out->data + out->used;
}

void
sv_out_write(sv_out_t *out, const void *bytes, size_t length)
{
    if (length > SV_OUT_SIZE) {
        sv_out_flush(out);
        sv_out_send(out, bytes, length);
        return;
    }
    memcpy(sv_out_reserve(out, length), bytes, length);
    out->used += length;
}

void
sv_out_puts(sv_out_t *out, const char *text)
{
    sv_out_write(out, text, strlen(text));
}

sv_status_t
sv_out_check(const sv_out_t *out, sv_error_t *error)
{
    return out->failed == 0 ? SV_OK : sv_fail_cause(error, SV_ERR_UNAVAILABLE, "write: %s", strerror(out->failed));
}

void
sv_out_close(sv_out_t *out)
{
    if (out->fd >= 0) {
        close(out->fd);
        out->fd = -1;
    }
    free(out->data);
    out->data = NULL;
}
