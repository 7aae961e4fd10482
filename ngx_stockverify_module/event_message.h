#ifndef SV_EVENT_MESSAGE_H
#define SV_EVENT_MESSAGE_H

#include "core/events/place.h"
#include "ngx_stockverify_module/nginx.h"

/*
 * Bytes of a stream of events, made once for all streams that send them and freed with the last.  Whoever gets one from a
 * function here holds it.  NULL: out of memory.
 */
typedef struct {
    size_t  references;
    size_t  length;
    u_char  bytes[];
} sv_event_message_t;

static inline sv_event_message_t *
sv_event_message_hold(sv_event_message_t *message)
{
    message->references++;
    return message;
}

void sv_event_message_release(sv_event_message_t *message);     /* NULL: nothing */

/* An event at its place; `json` is one line. */
sv_event_message_t *sv_event_message_event(const sv_event_place_t *place, const char *json);

/* The first bytes: when to come back, and where the reader is. */
sv_event_message_t *sv_event_message_hello(const sv_event_place_t *place);

/* A comment, and where the reader is. */
sv_event_message_t *sv_event_message_comment(const sv_event_place_t *place);

/* Events may have been missed; they go on from this place. */
sv_event_message_t *sv_event_message_reset(const sv_event_place_t *place, const char *reason);

/* The last message. */
sv_event_message_t *sv_event_message_end(const char *reason);

#endif
