#ifndef SV_EVENT_HUB_H
#define SV_EVENT_HUB_H

#include "core/events/event.h"
#include "ngx_stockverify_module/event_message.h"
#include "ngx_stockverify_module/redis.h"

struct sv_process_s;

/*
 * The process' one reader of events:recent, and everybody here who listens (docs/events.md).  On the event loop only.
 * It reads on a connection of its own, because a read that waits would hold up the commands behind it.
 */
typedef struct sv_event_hub_s  sv_event_hub_t;

typedef struct {
    sv_event_t           event;         /* its texts are hiredis' and end with the call */
    sv_event_place_t     place;
    sv_event_message_t  *message;       /* sv_event_entry_message(); NULL until somebody wants it */
} sv_event_entry_t;

/* The event as it is sent, made once; held by the entry.  NULL: out of memory. */
sv_event_message_t *sv_event_entry_message(sv_event_entry_t *entry);

/* An entry of the stream as Redis replies it.  false when it is no event. */
bool sv_event_entry_read(const redisReply *reply, const char *epoch, sv_event_entry_t *entry);

typedef enum {
    SV_EVENT_TOLD,          /* `entry` happened */
    SV_EVENT_ALL_TOLD,      /* all of them for now */
    SV_EVENT_LOST,          /* events may have been missed; sv_event_hub_place() is where it goes on */
    SV_EVENT_CLOSING        /* the process ends */
} sv_event_news_t;

typedef struct sv_event_listener_s  sv_event_listener_t;

/* Listeners may leave meanwhile. */
typedef void (*sv_event_heard_pt)(sv_event_listener_t *listener, sv_event_news_t news, sv_event_entry_t *entry);

struct sv_event_listener_s {
    sv_event_heard_pt  heard;
    const char        *user_id;
    ngx_queue_t        queue;
};

sv_event_hub_t *sv_event_hub_create(struct sv_process_s *process);     /* NULL when out of memory */
/* Nobody listens any more. */
void            sv_event_hub_destroy(sv_event_hub_t *hub);

/* Where it is: what it tells next is behind this, while nothing is lost. */
const sv_event_place_t *sv_event_hub_place(const sv_event_hub_t *hub);
/* Whether it reads at present. */
bool sv_event_hub_is_live(const sv_event_hub_t *hub);

void sv_event_hub_join(sv_event_hub_t *hub, sv_event_listener_t *listener);
void sv_event_hub_leave(sv_event_hub_t *hub, sv_event_listener_t *listener);

/* How many listen, and how many of them for this user. */
void sv_event_hub_count(const sv_event_hub_t *hub, const char *user_id, ngx_uint_t *all, ngx_uint_t *of_user);

#endif
