#include "core/events/event.h"

#include "core/base/clock.h"
#include "core/base/json_writer.h"

void
sv_event_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_event_t *event)
{
    sv_redis_script(command, arena, SV_SCRIPT_EVENT_TELL, 1);
    sv_redis_arg(command, SV_EVENTS_KEPT);
    sv_redis_arg(command, event->topics);
    sv_redis_arg(command, event->warehouse != NULL ? event->warehouse : "");
    sv_redis_arg(command, event->user_id != NULL ? event->user_id : "");
    sv_redis_arg(command, event->message);
}

const char *
sv_event_message(sv_arena_t *arena, const char *type, const char *id, const char *warehouse, const char *status)
{
    sv_buffer_t out;
    sv_json_writer_t w;

    sv_buffer_init(&out, arena, 256);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    sv_json_text(&w, "type", type);
    sv_json_text(&w, "id", id);
    sv_json_time(&w, "at", sv_clock_now_ms());
    sv_json_text(&w, "warehouse", warehouse);
    sv_json_text(&w, "status", status);
    sv_json_end(&w);
    return out.data;
}
