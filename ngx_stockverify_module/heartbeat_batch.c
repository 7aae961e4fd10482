#include "ngx_stockverify_module/heartbeat_batch.h"

#include <stdlib.h>

#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

struct sv_heartbeat_batches_s {
    sv_process_t *process;
    int64_t redis_ms;         /* Redis' clock, as it replied last; 0: not known */
    unsigned time_asked : 1;  /* in this turn of the loop */
    ngx_event_t turn;         /* posted: the turn's end */
    sv_arena_t *notes_arena;  /* of `notes`; NULL: nothing to note in this turn */
    sv_redis_command_t notes; /* ZADD */
};

typedef struct {
    sv_request_state_t *state;
    const sv_heartbeat_t *heartbeat;
    sv_heartbeat_outcome_t *outcome;
    sv_next_pt next;
    sv_heartbeat_commands_t commands;
    sv_exchange_t account, lease;
    sv_heartbeat_replies_t replies;
    unsigned waiting; /* for so many replies */
} sv_beat_t;

typedef struct {
    sv_heartbeat_batches_t *batches;
    sv_arena_t *arena; /* this lies in it */
    sv_exchange_t exchange;
    sv_redis_command_t command;
} sv_asked_time_t;

/* Posted before the turn's first command is, so that what it adds leaves in the same write. */
static void
sv_heartbeat_turn_begin(sv_heartbeat_batches_t *batches)
{
    if (!batches->turn.posted) {
        ngx_post_event(&batches->turn, &ngx_posted_events);
    }
}

static void
sv_heartbeat_turn_end(ngx_event_t *event)
{
    sv_heartbeat_batches_t *batches = event->data;

    batches->time_asked = 0;
    if (batches->notes_arena != NULL) {
        sv_redis_tell(batches->process->redis, &batches->notes);
        sv_arena_destroy(batches->notes_arena);
        batches->notes_arena = NULL;
    }
}

static void
sv_heartbeat_time_told(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_asked_time_t *asked = exchange->data;

    asked->batches->redis_ms = sv_redis_time_read_ms(reply);
    sv_arena_destroy(asked->arena);
}

/* Before the heartbeats, so that none is dated later than it was. */
static void
sv_heartbeat_ask_time(sv_heartbeat_batches_t *batches)
{
    sv_arena_t *arena = sv_arena_create();
    sv_asked_time_t *asked = sv_arena_zalloc(arena, sizeof(*asked));

    batches->time_asked = 1;
    asked->batches = batches;
    asked->arena = arena;
    sv_redis_command(&asked->command, arena, "TIME");
    asked->exchange.command = &asked->command;
    asked->exchange.done = sv_heartbeat_time_told;
    asked->exchange.data = asked;
    sv_redis_send(batches->process->redis, &asked->exchange);
}

static void
sv_beat_note(sv_heartbeat_batches_t *batches, const sv_beat_t *beat)
{
    sv_process_t *process = batches->process;
    sv_redis_command_t prolong;

    sv_heartbeat_turn_begin(batches);
    sv_heartbeat_prolong_command(&prolong, beat->state->call.arena, &process->conf->settings, beat->replies.rack_id);
    sv_redis_tell(process->redis, &prolong);
    if (batches->notes_arena == NULL) {
        batches->notes_arena = sv_arena_create();
        sv_heartbeats_note_command(&batches->notes, batches->notes_arena);
    }
    sv_heartbeats_note(&batches->notes, beat->heartbeat, batches->redis_ms);
}

/* A heartbeat that nobody could date would hold nothing, so it is none. */
static sv_heartbeat_outcome_t
sv_beat_outcome(const sv_heartbeat_batches_t *batches, const sv_beat_t *beat)
{
    sv_heartbeat_outcome_t outcome = sv_heartbeat_outcome(beat->heartbeat, &beat->replies);

    return outcome == SV_HEARTBEAT_RENEWED && batches->redis_ms == 0 ? SV_HEARTBEAT_NO_REPLY : outcome;
}

static void
sv_beat_replied(sv_beat_t *beat)
{
    sv_request_state_t *state = beat->state;

    if (--beat->waiting > 0) {
        return;
    }
    *beat->outcome = sv_beat_outcome(state->process->heartbeats, beat);
    if (*beat->outcome == SV_HEARTBEAT_RENEWED) {
        sv_beat_note(state->process->heartbeats, beat);
    }
    sv_state_step_over(state, beat->next);
}

static void
sv_beat_account_replied(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_beat_t *beat = exchange->data;

    sv_heartbeat_read_account(reply, beat->heartbeat, &beat->replies);
    sv_beat_replied(beat);
}

static void
sv_beat_lease_replied(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_beat_t *beat = exchange->data;

    sv_heartbeat_read_lease(reply, beat->state->call.arena, &beat->replies);
    sv_beat_replied(beat);
}

static void
sv_beat_send(sv_beat_t *beat, sv_exchange_t *exchange, sv_redis_command_t *command, sv_exchange_done_pt done)
{
    exchange->command = command;
    exchange->done = done;
    exchange->data = beat;
    beat->waiting++;
    sv_redis_send(beat->state->process->redis, exchange);
}

void
sv_http_heartbeat(sv_request_t *req, const sv_heartbeat_t *heartbeat, sv_heartbeat_outcome_t *outcome, sv_next_pt next)
{
    sv_request_state_t *state = req->state;
    sv_heartbeat_batches_t *batches = state->process->heartbeats;
    sv_beat_t *beat = sv_arena_zalloc(state->call.arena, sizeof(*beat));

    beat->state = state;
    beat->heartbeat = heartbeat;
    beat->outcome = outcome;
    beat->next = next;
    sv_heartbeat_commands(&beat->commands, state->call.arena, state->call.settings, heartbeat);
    state->references++;
    sv_state_watch_client(state);
    sv_heartbeat_turn_begin(batches);
    if (!batches->time_asked) {
        sv_heartbeat_ask_time(batches);
    }
    sv_beat_send(beat, &beat->account, &beat->commands.account, sv_beat_account_replied);
    sv_beat_send(beat, &beat->lease, &beat->commands.lease, sv_beat_lease_replied);
}

sv_heartbeat_batches_t *
sv_heartbeat_batches_create(sv_process_t *process)
{
    sv_heartbeat_batches_t *batches = calloc(1, sizeof(*batches));

    if (batches != NULL) {
        batches->process = process;
        batches->turn.handler = sv_heartbeat_turn_end;
        batches->turn.data = batches;
        batches->turn.log = process->log;
    }
    return batches;
}

void
sv_heartbeat_batches_destroy(sv_heartbeat_batches_t *batches)
{
    if (batches == NULL) {
        return;
    }
    if (batches->turn.posted) {
        ngx_delete_posted_event(&batches->turn);
    }
    sv_arena_destroy(batches->notes_arena);
    free(batches);
}
