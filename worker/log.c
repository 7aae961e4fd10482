#include "worker/log.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/journal.h"
#include "core/base/json_writer.h"

static const char *
sv_level_name(sv_log_level_t level)
{
    static const char *const names[] = {
        [SV_LOG_ERROR] = "error", [SV_LOG_WARNING] = "warning", [SV_LOG_NOTICE] = "notice",
        [SV_LOG_INFO] = "info",   [SV_LOG_DEBUG] = "debug",
    };

    return names[level];
}

void
sv_worker_log_fields(sv_log_level_t level, const char *event, const sv_log_field_t *fields, int count)
{
    sv_arena_t *arena = sv_arena_create();
    sv_json_writer_t w;
    sv_buffer_t line;
    ssize_t written;

    sv_buffer_init(&line, arena, 512);
    sv_buffer_puts(&line, sv_journal_prefix(level));
    sv_json_writer_init(&w, &line);
    sv_json_object(&w, NULL);
    sv_json_time(&w, "time", sv_clock_now_ms());
    sv_json_text(&w, "level", sv_level_name(level));
    sv_json_text(&w, "event", event);
    for (int i = 0; i < count; i++) {
        if (fields[i].text != NULL) {
            sv_json_text(&w, fields[i].name, fields[i].text);
        } else {
            sv_json_int(&w, fields[i].name, fields[i].number);
        }
    }
    sv_json_end(&w);
    sv_buffer_putc(&line, '\n');
    written = write(STDERR_FILENO, line.data, line.length);
    (void) written; /* a log that cannot be written has nobody to tell */
    sv_arena_destroy(arena);
}

void
sv_worker_log_sink(sv_log_level_t level, const char *message)
{
    if (level != SV_LOG_DEBUG) {
        sv_worker_log(level, "message", SV_FIELD_TEXT("message", message));
    }
}
