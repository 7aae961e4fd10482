#ifndef SV_WORKER_LOG_H
#define SV_WORKER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/log.h"

/* One member of a log line: text when `text` is not NULL, else a number. */
typedef struct {
    const char *name;
    const char *text;
    int64_t number;
} sv_log_field_t;

#define SV_FIELD_TEXT(field, value)                                                                                    \
    {                                                                                                                  \
        .name = (field), .text = (value) != NULL ? (value) : ""                                                        \
    }
#define SV_FIELD_NUMBER(field, value)                                                                                  \
    {                                                                                                                  \
        .name = (field), .number = (value)                                                                             \
    }

/* Writes one JSON object a line to standard error, {"time", "level", "event", fields...}, in one write, from any
 * thread.  Never a secret: settings are told by name only. */
void sv_worker_log_fields(sv_log_level_t level, const char *event, const sv_log_field_t *fields, int count);

#define sv_worker_log(level, event, ...)                                                                               \
    do {                                                                                                               \
        const sv_log_field_t sv_log_fields_[] = { __VA_ARGS__ };                                                       \
        sv_worker_log_fields(level, event, sv_log_fields_,                                                             \
                             (int) (sizeof(sv_log_fields_) / sizeof(sv_log_fields_[0])));                              \
    } while (0)

/* What core/ and the driver have to say, as event "message". */
void sv_worker_log_sink(sv_log_level_t level, const char *message);

#endif
