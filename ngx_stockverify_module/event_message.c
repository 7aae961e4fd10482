#include "ngx_stockverify_module/event_message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"

enum {
    SV_COME_BACK_MS = 2000,
    SV_COME_BACK_SPREAD_MS = 2000, /* at the end of a process all its readers come back */
};

void
sv_event_message_release(sv_event_message_t *message)
{
    if (message != NULL && --message->references == 0) {
        free(message);
    }
}

static sv_event_message_t *sv_event_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

static sv_event_message_t *
sv_event_message(const char *format, ...)
{
    sv_event_message_t *message;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    message = length < 0 ? NULL : malloc(sizeof(*message) + (size_t) length + 1);
    if (message == NULL) {
        return NULL;
    }
    va_start(arguments, format);
    vsnprintf((char *) message->bytes, (size_t) length + 1, format, arguments);
    va_end(arguments);
    message->references = 1;
    message->length = (size_t) length;
    return message;
}

sv_event_message_t *
sv_event_message_event(const sv_event_place_t *place, const char *json)
{
    char id[SV_EVENT_PLACE_SIZE];

    sv_event_place_write(place, id);
    return sv_event_message("id: %s\ndata: %s\n\n", id, json);
}

sv_event_message_t *
sv_event_message_hello(const sv_event_place_t *place)
{
    char id[SV_EVENT_PLACE_SIZE];

    sv_event_place_write(place, id);
    return sv_event_message("retry: %d\nid: %s\n\n", SV_COME_BACK_MS, id);
}

sv_event_message_t *
sv_event_message_comment(const sv_event_place_t *place)
{
    char id[SV_EVENT_PLACE_SIZE];

    sv_event_place_write(place, id);
    return sv_event_message(":\nid: %s\n\n", id);
}

/* A message of the stream's own: `reason` is a word. */
static void
sv_event_write_own(char *json, size_t size, const char *type, const char *reason)
{
    char at[SV_TIME_TEXT_SIZE];

    sv_time_format(sv_clock_now_ms(), at);
    snprintf(json, size, "{\"type\":\"%s\",\"id\":null,\"at\":\"%s\",\"reason\":\"%s\"}", type, at, reason);
}

sv_event_message_t *
sv_event_message_reset(const sv_event_place_t *place, const char *reason)
{
    char json[160];

    sv_event_write_own(json, sizeof(json), "reset", reason);
    return sv_event_message_event(place, json);
}

sv_event_message_t *
sv_event_message_end(const char *reason)
{
    char json[160];

    sv_event_write_own(json, sizeof(json), "stream.ended", reason);
    return sv_event_message("retry: %d\ndata: %s\n\n",
                            SV_COME_BACK_MS / 2 + (int) (ngx_random() % SV_COME_BACK_SPREAD_MS), json);
}
