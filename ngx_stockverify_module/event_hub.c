#include "ngx_stockverify_module/event_hub.h"

#include <stdlib.h>

#include "ngx_stockverify_module/process.h"

/*
 * away --INFO: which Redis is it?--> --XREVRANGE, where it has no place there: the newest entry--> live
 * live --XREAD that waits for what comes, and XRANGE of the last entry behind it: is it still kept?--> live
 *
 * The two of one turn are sent at once, so that Redis runs them one behind the other: while the entry before is still
 * kept nothing between it and what was read is missing.  A command that fails leads back to away.
 */

enum { SV_HUB_AGAIN_MS = 100, SV_HUB_COUNT = 200 };

struct sv_event_hub_s {
    sv_process_t *process;
    sv_redis_t *redis;
    ngx_queue_t listeners;
    ngx_uint_t count;
    sv_arena_t *arena; /* of the commands under way */
    sv_redis_command_t commands[2];
    sv_exchange_t exchanges[2];
    ngx_event_t again; /* timer: after a failure */
    sv_event_place_t place;
    unsigned replies_left;
    unsigned failed : 1;
    unsigned took : 1;   /* entries, in this turn */
    unsigned gap : 1;    /* the entry before is no longer kept */
    unsigned placed : 1; /* `place` is of the Redis that is read */
    unsigned lost : 1;   /* listeners are to be told so, once it is placed */
    unsigned live : 1;
};

static void sv_hub_read_on(sv_event_hub_t *hub);
static void sv_hub_ask_newest(sv_event_hub_t *hub);

/* Listeners may leave while they hear: each is moved behind a mark before it is called. */
static void
sv_hub_tell(sv_event_hub_t *hub, sv_event_news_t news, sv_event_entry_t *entry)
{
    ngx_queue_t waiting;

    if (ngx_queue_empty(&hub->listeners)) {
        return;
    }
    ngx_queue_init(&waiting);
    ngx_queue_add(&waiting, &hub->listeners);
    ngx_queue_init(&hub->listeners);
    while (!ngx_queue_empty(&waiting)) {
        ngx_queue_t *head = ngx_queue_head(&waiting);
        sv_event_listener_t *listener = ngx_queue_data(head, sv_event_listener_t, queue);

        ngx_queue_remove(head);
        ngx_queue_insert_tail(&hub->listeners, head);
        listener->heard(listener, news, entry);
    }
}

static void
sv_hub_go_away(sv_event_hub_t *hub)
{
    hub->live = 0;
    if (ngx_exiting) {
        sv_hub_tell(hub, SV_EVENT_CLOSING, NULL);
    } else {
        ngx_add_timer(&hub->again, SV_HUB_AGAIN_MS);
    }
}

/* The commands before are over. */
static sv_redis_command_t *
sv_hub_command(sv_event_hub_t *hub, size_t index, const char *name)
{
    if (index == 0) {
        sv_arena_destroy(hub->arena);
        hub->arena = sv_arena_create();
        hub->replies_left = 0;
    }
    sv_redis_command(&hub->commands[index], hub->arena, name);
    return &hub->commands[index];
}

static void
sv_hub_send(sv_event_hub_t *hub, size_t index, sv_exchange_done_pt done, bool waits)
{
    sv_exchange_t *exchange = &hub->exchanges[index];

    ngx_memzero(exchange, sizeof(*exchange));
    exchange->command = &hub->commands[index];
    exchange->done = done;
    exchange->data = hub;
    exchange->waits = waits;
    hub->replies_left++;
    sv_redis_send(hub->redis, exchange);
}

bool
sv_event_entry_read(const redisReply *reply, const char *epoch, sv_event_entry_t *entry)
{
    const redisReply *fields;

    ngx_memzero(entry, sizeof(*entry));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_ARRAY ||
        reply->element[0]->type != REDIS_REPLY_STRING || !sv_event_id_read(reply->element[0]->str, &entry->place.id)) {
        return false;
    }
    ngx_memcpy(entry->place.epoch, epoch, sizeof(entry->place.epoch));
    fields = reply->element[1];
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const char *name = sv_redis_element_text(fields, i), *value = sv_redis_element_text(fields, i + 1);

        if (name == NULL || value == NULL) {
            return false;
        }
        if (ngx_strcmp(name, "topics") == 0) {
            entry->event.topics = value;
        } else if (ngx_strcmp(name, "warehouse") == 0) {
            entry->event.warehouse = value;
        } else if (ngx_strcmp(name, "user") == 0) {
            entry->event.user_id = value;
        } else if (ngx_strcmp(name, "message") == 0) {
            entry->event.message = value;
        }
    }
    /* A line break would end the field `data`, and what follows be read as fields of the stream. */
    return entry->event.topics != NULL && entry->event.message != NULL &&
           entry->event.message[strcspn(entry->event.message, "\r\n")] == '\0';
}

sv_event_message_t *
sv_event_entry_message(sv_event_entry_t *entry)
{
    if (entry->message == NULL) {
        entry->message = sv_event_message_event(&entry->place, entry->event.message);
    }
    return entry->message;
}

/* By Redis' clock and ours, which may differ. */
static void
sv_hub_note_lag(sv_event_hub_t *hub, const sv_event_id_t *id)
{
    ngx_time_t *now = ngx_timeofday();
    uint64_t now_ms = (uint64_t) now->sec * 1000 + (uint64_t) now->msec;

    sv_histogram_note(&hub->process->zone->metrics.event_lag, now_ms > id->ms ? (now_ms - id->ms) * 1000 : 0);
}

static void
sv_hub_take_entries(sv_event_hub_t *hub, const redisReply *entries)
{
    ngx_time_update();
    for (size_t i = 0; i < entries->elements; i++) {
        sv_event_entry_t entry;
        bool is_event = sv_event_entry_read(entries->element[i], hub->place.epoch, &entry);

        if (entry.place.id.ms == 0) {
            continue;
        }
        hub->place.id = entry.place.id;
        hub->took = 1;
        if (is_event) {
            sv_hub_tell(hub, SV_EVENT_TOLD, &entry);
            sv_event_message_release(entry.message);
            sv_hub_note_lag(hub, &entry.place.id);
        }
    }
    sv_hub_tell(hub, SV_EVENT_ALL_TOLD, NULL);
}

/* Both replies of a turn are here. */
static void
sv_hub_turn_over(sv_event_hub_t *hub)
{
    if (--hub->replies_left > 0) {
        return;
    }
    if (hub->failed || ngx_exiting) {
        sv_hub_go_away(hub);
    } else if (hub->gap) {
        hub->placed = 0;
        hub->lost = 1;
        sv_hub_ask_newest(hub);
    } else {
        sv_hub_read_on(hub);
    }
}

/* [[name, entries]], or nil when nothing came in time. */
static void
sv_hub_on_read(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_event_hub_t *hub = exchange->data;

    if (reply == NULL) {
        hub->failed = 1;
    } else if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 && reply->element[0]->elements == 2 &&
               reply->element[0]->element[1]->type == REDIS_REPLY_ARRAY) {
        sv_hub_take_entries(hub, reply->element[0]->element[1]);
    }
    sv_hub_turn_over(hub);
}

static void
sv_hub_on_kept(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_event_hub_t *hub = exchange->data;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        hub->failed = 1;
        if (hub->took) { /* it cannot be said any more whether something was missed before those */
            hub->placed = 0;
            hub->lost = 1;
        }
    } else {
        hub->gap = reply->elements == 0;
    }
    sv_hub_turn_over(hub);
}

static void
sv_hub_read_on(sv_event_hub_t *hub)
{
    sv_redis_command_t *read = sv_hub_command(hub, 0, "XREAD"), *kept = sv_hub_command(hub, 1, "XRANGE");
    char *last = sv_arena_alloc(hub->arena, SV_EVENT_ID_SIZE);
    bool any = hub->place.id.ms > 0; /* else the stream was empty, and there is no entry to look for */

    hub->failed = hub->took = hub->gap = 0;
    sv_event_id_write(&hub->place.id, last);
    sv_redis_arg(read, "COUNT");
    sv_redis_arg_int(read, SV_HUB_COUNT);
    sv_redis_arg(read, "BLOCK");
    /* Over before its time is, so that a connection that hangs is found as any other. */
    sv_redis_arg_int(read, ngx_max(hub->process->conf->settings.redis_timeout / 2, 1));
    sv_redis_arg(read, "STREAMS");
    sv_redis_arg(read, SV_EVENTS_KEPT);
    sv_redis_arg(read, last);
    sv_redis_arg(kept, SV_EVENTS_KEPT);
    sv_redis_arg(kept, last);
    sv_redis_arg(kept, last);
    sv_hub_send(hub, 0, sv_hub_on_read, true);
    if (any) {
        sv_hub_send(hub, 1, sv_hub_on_kept, true);
    }
}

static void
sv_hub_go_live(sv_event_hub_t *hub)
{
    bool lost = hub->lost;

    hub->live = 1;
    hub->lost = 0;
    if (lost) {
        sv_hub_tell(hub, SV_EVENT_LOST, NULL);
    }
    sv_hub_read_on(hub);
}

static void
sv_hub_on_newest(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_event_hub_t *hub = exchange->data;
    sv_event_entry_t newest;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || ngx_exiting) {
        sv_hub_go_away(hub);
        return;
    }
    hub->place.id = (sv_event_id_t){ 0 };
    if (reply->elements == 1) {
        sv_event_entry_read(reply->element[0], hub->place.epoch, &newest);
        hub->place.id = newest.place.id;
    }
    hub->placed = 1;
    sv_hub_go_live(hub);
}

static void
sv_hub_ask_newest(sv_event_hub_t *hub)
{
    sv_redis_command_t *command = sv_hub_command(hub, 0, "XREVRANGE");

    sv_redis_arg(command, SV_EVENTS_KEPT);
    sv_redis_arg(command, "+");
    sv_redis_arg(command, "-");
    sv_redis_arg(command, "COUNT");
    sv_redis_arg(command, "1");
    sv_hub_send(hub, 0, sv_hub_on_newest, false);
}

static void
sv_hub_on_info(sv_exchange_t *exchange, const redisReply *reply)
{
    static const char name[] = "run_id:";
    sv_event_hub_t *hub = exchange->data;
    const char *run_id = reply != NULL && reply->type == REDIS_REPLY_STRING ? strstr(reply->str, name) : NULL;

    if (run_id == NULL || strspn(run_id + sizeof(name) - 1, "0123456789abcdef") < SV_EVENT_EPOCH_LENGTH ||
        ngx_exiting) {
        sv_hub_go_away(hub);
        return;
    }
    run_id += sizeof(name) - 1;
    if (ngx_strncmp(run_id, hub->place.epoch, SV_EVENT_EPOCH_LENGTH) != 0) {
        ngx_memcpy(hub->place.epoch, run_id, SV_EVENT_EPOCH_LENGTH);
        hub->placed = 0;
        hub->lost = 1;
    }
    if (hub->placed) {
        sv_hub_go_live(hub);
    } else {
        sv_hub_ask_newest(hub);
    }
}

static void
sv_hub_ask_which(sv_event_hub_t *hub)
{
    sv_redis_arg(sv_hub_command(hub, 0, "INFO"), "server");
    sv_hub_send(hub, 0, sv_hub_on_info, false);
}

static void
sv_hub_on_again(ngx_event_t *event)
{
    sv_event_hub_t *hub = event->data;

    if (ngx_exiting) {
        sv_hub_tell(hub, SV_EVENT_CLOSING, NULL);
    } else {
        sv_hub_ask_which(hub);
    }
}

const sv_event_place_t *
sv_event_hub_place(const sv_event_hub_t *hub)
{
    return &hub->place;
}

bool
sv_event_hub_is_live(const sv_event_hub_t *hub)
{
    return hub->live && !ngx_exiting;
}

void
sv_event_hub_join(sv_event_hub_t *hub, sv_event_listener_t *listener)
{
    ngx_queue_insert_tail(&hub->listeners, &listener->queue);
    hub->count++;
    ngx_atomic_fetch_add(&hub->process->gauges->event_streams, 1);
}

void
sv_event_hub_leave(sv_event_hub_t *hub, sv_event_listener_t *listener)
{
    ngx_queue_remove(&listener->queue);
    hub->count--;
    ngx_atomic_fetch_add(&hub->process->gauges->event_streams, -1);
}

void
sv_event_hub_count(const sv_event_hub_t *hub, const char *user_id, ngx_uint_t *all, ngx_uint_t *of_user)
{
    *all = hub->count;
    *of_user = 0;
    for (ngx_queue_t *at = ngx_queue_head(&hub->listeners); at != ngx_queue_sentinel(&hub->listeners);
         at = ngx_queue_next(at)) {
        const sv_event_listener_t *listener = ngx_queue_data(at, sv_event_listener_t, queue);

        *of_user += strcmp(listener->user_id, user_id) == 0;
    }
}

sv_event_hub_t *
sv_event_hub_create(sv_process_t *process)
{
    sv_event_hub_t *hub = calloc(1, sizeof(*hub));

    if (hub == NULL) {
        return NULL;
    }
    hub->process = process;
    ngx_queue_init(&hub->listeners);
    hub->again.handler = sv_hub_on_again;
    hub->again.data = hub;
    hub->again.log = process->log;
    hub->again.cancelable = 1;
    hub->arena = sv_arena_create();
    hub->redis = sv_redis_create(process->conf, process->log, SV_REDIS_FOR_EVENTS);
    if (hub->redis == NULL) {
        sv_event_hub_destroy(hub);
        return NULL;
    }
    sv_hub_ask_which(hub);
    return hub;
}

void
sv_event_hub_destroy(sv_event_hub_t *hub)
{
    if (hub == NULL) {
        return;
    }
    if (hub->again.timer_set) {
        ngx_del_timer(&hub->again);
    }
    if (hub->redis != NULL) {
        sv_redis_destroy(hub->redis);
    }
    sv_arena_destroy(hub->arena);
    free(hub);
}
