#include "core/base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { SV_LOG_LINE_SIZE = 2048 };

static sv_log_sink_t sv_log_sink; /* set once at start, before any thread */

void
sv_log_set_sink(sv_log_sink_t sink)
{
    sv_log_sink = sink;
}

static void
sv_log_to_stderr(sv_log_level_t level, const char *message)
{
    static const char *const names[] = {
        [SV_LOG_ERROR] = "error", [SV_LOG_WARNING] = "warning", [SV_LOG_NOTICE] = "notice",
        [SV_LOG_INFO] = "info",   [SV_LOG_DEBUG] = "debug",
    };

    fprintf(stderr, "stockverify: %s: %s\n", names[level], message);
}

void
sv_log(sv_log_level_t level, const char *format, ...)
{
    sv_log_sink_t sink = sv_log_sink != NULL ? sv_log_sink : sv_log_to_stderr;
    char line[SV_LOG_LINE_SIZE];
    va_list args;

    va_start(args, format);
    if (vsnprintf(line, sizeof(line), format, args) < 0) {
        line[0] = '\0';
    }
    va_end(args);
    /* One message is one line, whatever a name or a driver's text holds. */
    for (unsigned char *c = (unsigned char *) line; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    sink(level, line);
}
