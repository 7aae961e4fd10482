#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/* A step that is nothing but time. */

typedef struct {
    ngx_event_t event;
    sv_request_state_t *state;
    sv_next_pt next;
} sv_pause_t;

static void
sv_pause_over(ngx_event_t *event)
{
    sv_pause_t *pause = event->data;

    sv_state_step_over(pause->state, pause->next);
}

void
sv_http_pause(sv_request_t *req, ngx_msec_t ms, sv_next_pt next)
{
    sv_request_state_t *state = req->state;
    sv_pause_t *pause = sv_arena_zalloc(state->call.arena, sizeof(*pause));

    pause->state = state;
    pause->next = next;
    pause->event.handler = sv_pause_over;
    pause->event.data = pause;
    pause->event.log = state->process->log;
    state->references++;
    sv_state_watch_client(state);
    ngx_add_timer(&pause->event, ms);
}
