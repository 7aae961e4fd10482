#ifndef SV_EVENT_H
#define SV_EVENT_H

#include "core/redis/command.h"

/*
 * What happened, told once it is committed: published on every topic's channel and kept among the last events, by one
 * script, so that a listener who was away can go on from the event it saw last (docs/events.md).  Events are hints: one
 * that cannot be told changes nothing.  They carry ids and states, never a quantity.
 */
#define SV_EVENTS_KEPT "events:recent"

#define SV_TOPIC_RACK          "rack:updates:"
#define SV_TOPIC_SESSION       "session:updates:"
#define SV_TOPIC_JOB           "jobs:updates:"
#define SV_TOPIC_NOTIFICATIONS "global:notifications"
#define SV_TOPIC_FLOOR         "floor"    /* racks change hands or state */
#define SV_TOPIC_ACTIVITY      "activity" /* what people do: all of sessions, batches and conflicts */

typedef struct {
    const char *topics;    /* who hears of it: one a line */
    const char *warehouse; /* where it is of one; NULL: none */
    const char *user_id;   /* whose it is; NULL: nobody's */
    const char *message;   /* JSON {"type", "id", "at", ...} */
} sv_event_t;

/* Tells it.  Texts are not copied. */
void sv_event_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_event_t *event);

/* The message of an event that has no more to say than what became of one thing; `status` may be NULL. */
const char *
sv_event_message(sv_arena_t *arena, const char *type, const char *id, const char *warehouse, const char *status);

#endif
