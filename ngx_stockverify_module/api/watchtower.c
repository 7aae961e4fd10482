#include "ngx_stockverify_module/request.h"

#include "core/floor/watchtower.h"
#include "core/oversight/oversight.h"
#include "ngx_stockverify_module/event_hub.h"
#include "ngx_stockverify_module/process.h"

/* GET /api/admin/watchtower: who watches over a warehouse has all of the page in one answer, and the place among the
 * events from which the page follows. */

enum { SV_ACTIVITY_READ = 200, SV_ACTIVITY_TOLD = 50 };

typedef struct {
    const char *warehouse; /* NULL: all */
    sv_event_place_t place;
    bool placed;
    sv_buffer_t activity; /* a JSON array, the newest first */
    sv_redis_command_t command;
} sv_watchtower_call_t;

static bool
sv_activity_is_told(const sv_event_t *event, const char *warehouse)
{
    static const char activity[] = SV_TOPIC_ACTIVITY;

    for (const char *at = event->topics; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, activity, sizeof(activity) - 1) == 0 &&
            (at[sizeof(activity) - 1] == '\0' || at[sizeof(activity) - 1] == '\n')) {
            return warehouse == NULL || event->warehouse == NULL || event->warehouse[0] == '\0' ||
                   strcmp(event->warehouse, warehouse) == 0;
        }
    }
    return false;
}

static void
sv_activity_read(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_watchtower_call_t *tower = call->state;
    size_t told = 0;

    (void) index;
    for (size_t i = 0; reply != NULL && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        sv_event_entry_t entry;

        if (told < SV_ACTIVITY_TOLD && sv_event_entry_read(reply->element[i], tower->place.epoch, &entry) &&
            sv_activity_is_told(&entry.event, tower->warehouse)) {
            sv_buffer_printf(&tower->activity, "%s%s", told++ == 0 ? "[" : ",", entry.event.message);
        }
    }
    sv_buffer_puts(&tower->activity, told == 0 ? "[]" : "]");
}

static void
sv_watchtower_step(sv_call_t *call)
{
    sv_watchtower_call_t *tower = call->state;
    sv_json_writer_t *w = &call->json;
    char place[SV_EVENT_PLACE_SIZE];

    sv_event_place_write(&tower->place, place);
    sv_json_object(w, NULL);
    sv_json_text(w, "warehouse", tower->warehouse);
    sv_json_text(w, "event_id", tower->placed ? place : NULL);
    if (sv_watchtower_write(call->store, tower->warehouse, w, call->arena, &call->error) == SV_OK) {
        sv_oversight_alerts_write(call->store, tower->warehouse, w, "alerts", &call->error);
    }
    sv_json_raw(w, "activity", tower->activity.data, tower->activity.length);
    sv_json_end(w);
}

static void
sv_watchtower_look(sv_request_t *req)
{
    sv_http_thread(req, SV_POOL_DB, sv_watchtower_step, sv_http_answer);
}

/* The place is taken before anything is read, so that what changes meanwhile is heard of. */
static void
sv_watchtower_ask(sv_request_t *req, sv_watchtower_call_t *tower)
{
    sv_redis_command_t *command = &tower->command;
    char *until = sv_arena_alloc(req->call->arena, SV_EVENT_ID_SIZE);

    sv_event_id_write(&tower->place.id, until);
    sv_redis_command(command, req->call->arena, "XREVRANGE");
    sv_redis_arg(command, SV_EVENTS_KEPT);
    sv_redis_arg(command, until);
    sv_redis_arg(command, "-");
    sv_redis_arg(command, "COUNT");
    sv_redis_arg_int(command, SV_ACTIVITY_READ);
    sv_http_redis(req, (sv_redis_command_t *const[]){ command }, 1, sv_activity_read, sv_watchtower_look);
}

void
sv_http_watchtower(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_event_hub_t *hub = sv_http_process(req)->events;
    sv_watchtower_call_t *tower = sv_arena_zalloc(call->arena, sizeof(*tower));
    const char *asked;

    if (!sv_call_query_place(call, "warehouse", &asked)) {
        sv_http_answer(req);
        return;
    }
    call->state = tower;
    tower->warehouse = sv_call_warehouse(call, asked);
    tower->place = *sv_event_hub_place(hub);
    tower->placed = sv_event_hub_is_live(hub);
    sv_buffer_init(&tower->activity, call->arena, 1024);
    if (tower->placed) {
        sv_watchtower_ask(req, tower);
    } else {
        sv_buffer_puts(&tower->activity, "[]");
        sv_watchtower_look(req);
    }
}
