#include "ngx_stockverify_module/heartbeat_batch.h"

#include <stdlib.h>

#include "ngx_stockverify_module/state.h"

/* A script keeps everybody else waiting while it runs: this many take less than a millisecond. */
enum { SV_HEARTBEAT_BATCH_MAX = 32 };

typedef struct {
    sv_request_state_t *state;
    sv_heartbeat_outcome_t *outcome;
    sv_next_pt next;
} sv_batched_request_t;

typedef struct {
    sv_arena_t *arena;
    sv_exchange_t exchange;
    sv_redis_command_t command;
    size_t count;
    const sv_heartbeat_t *heartbeats[SV_HEARTBEAT_BATCH_MAX];
    sv_batched_request_t requests[SV_HEARTBEAT_BATCH_MAX];
} sv_heartbeat_batch_t;

struct sv_heartbeat_batches_s {
    sv_process_t *process;
    sv_heartbeat_batch_t *filling; /* NULL: none */
    ngx_event_t send;              /* posted while one is filling */
};

static void
sv_batched_request_done(const sv_batched_request_t *request)
{
    sv_request_state_t *state = request->state;

    if (state->gone) {
        sv_state_release(state);
        return;
    }
    /* The nginx request still holds the state. */
    state->references--;
    sv_state_go_on(state, request->next);
}

static void
sv_heartbeat_batch_done(sv_exchange_t *exchange, const redisReply *reply)
{
    sv_heartbeat_batch_t *batch = exchange->data;

    for (size_t i = 0; i < batch->count; i++) {
        *batch->requests[i].outcome = sv_heartbeat_read(reply, i);
    }
    for (size_t i = 0; i < batch->count; i++) {
        sv_batched_request_done(&batch->requests[i]);
    }
    sv_arena_destroy(batch->arena);
}

static void
sv_heartbeat_batch_send(sv_heartbeat_batches_t *batches)
{
    sv_heartbeat_batch_t *batch = batches->filling;

    batches->filling = NULL;
    sv_heartbeat_command(&batch->command, batch->arena, &batches->process->conf->settings, batch->heartbeats,
                         batch->count);
    batch->exchange.command = &batch->command;
    batch->exchange.done = sv_heartbeat_batch_done;
    batch->exchange.data = batch;
    sv_redis_send(batches->process->redis, &batch->exchange);
}

static void
sv_heartbeat_batches_on_turn(ngx_event_t *event)
{
    sv_heartbeat_batches_t *batches = event->data;

    if (batches->filling != NULL) {
        sv_heartbeat_batch_send(batches);
    }
}

static sv_heartbeat_batch_t *
sv_heartbeat_batch_create(void)
{
    sv_arena_t *arena = sv_arena_create();
    sv_heartbeat_batch_t *batch = sv_arena_alloc(arena, sizeof(*batch));

    batch->arena = arena;
    batch->count = 0;
    return batch;
}

void
sv_http_heartbeat(sv_request_t *req, const sv_heartbeat_t *heartbeat, sv_heartbeat_outcome_t *outcome, sv_next_pt next)
{
    sv_request_state_t *state = req->state;
    sv_heartbeat_batches_t *batches = state->process->heartbeats;
    sv_heartbeat_batch_t *batch = batches->filling;

    if (batch == NULL) {
        batch = batches->filling = sv_heartbeat_batch_create();
        if (!batches->send.posted) {
            ngx_post_event(&batches->send, &ngx_posted_events);
        }
    }
    batch->heartbeats[batch->count] = heartbeat;
    batch->requests[batch->count] = (sv_batched_request_t){ .state = state, .outcome = outcome, .next = next };
    batch->count++;
    state->references++;
    sv_state_watch_client(state);
    if (batch->count == SV_HEARTBEAT_BATCH_MAX) {
        sv_heartbeat_batch_send(batches);
    }
}

sv_heartbeat_batches_t *
sv_heartbeat_batches_create(sv_process_t *process)
{
    sv_heartbeat_batches_t *batches = calloc(1, sizeof(*batches));

    if (batches != NULL) {
        batches->process = process;
        batches->send.handler = sv_heartbeat_batches_on_turn;
        batches->send.data = batches;
        batches->send.log = process->log;
    }
    return batches;
}

void
sv_heartbeat_batches_destroy(sv_heartbeat_batches_t *batches)
{
    if (batches == NULL) {
        return;
    }
    if (batches->send.posted) {
        ngx_delete_posted_event(&batches->send);
    }
    if (batches->filling != NULL) {
        sv_arena_destroy(batches->filling->arena);
    }
    free(batches);
}
