#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

typedef struct {
    sv_exchange_t exchange;
    sv_request_state_t *state;
    size_t index;
} sv_step_command_t;

static void
sv_redis_step_done(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_step_command_t *command = exchange->data;
    sv_request_state_t *state = command->state;

    /* Also for a client that has gone: what is to be undone stands in the reply. */
    if (state->read != NULL) {
        state->read(&state->call, command->index, reply);
    }
    if (--state->replies_left == 0) {
        sv_state_step_over(state, state->next);
    }
}

static void
sv_effect_done(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_step_command_t *command = exchange->data;

    (void) reply;
    sv_state_release(command->state);
}

static void
sv_send_commands(sv_request_state_t *state, sv_redis_command_t *const *commands, size_t count, sv_exchange_done_pt done)
{
    sv_step_command_t *step = sv_arena_zalloc(state->call.arena, count * sizeof(*step));

    for (size_t i = 0; i < count; i++) {
        step[i].state = state;
        step[i].index = i;
        step[i].exchange.command = commands[i];
        step[i].exchange.done = done;
        step[i].exchange.data = &step[i];
        sv_redis_send(state->process->redis, &step[i].exchange);
    }
}

void
sv_http_redis(sv_request_t *req, sv_redis_command_t *const *commands, size_t count, sv_reply_reader_pt read,
              sv_next_pt next)
{
    sv_request_state_t *state = req->state;

    if (count == 0) {
        next(req);
        return;
    }
    state->read = read;
    state->next = next;
    state->replies_left = count;
    state->references++;
    sv_state_watch_client(state);
    sv_send_commands(state, commands, count, sv_redis_step_done);
}

void
sv_state_send_effects(sv_request_state_t *state)
{
    size_t count = state->call.effect_count;

    if (count > 0) {
        state->call.effect_count = 0;
        state->references += (unsigned) count;
        sv_send_commands(state, state->call.effects, count, sv_effect_done);
    }
}
