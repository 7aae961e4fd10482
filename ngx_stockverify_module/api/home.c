#include "core/auth/user_json.h"
#include "core/base/clock.h"
#include "core/counts/count_list.h"
#include "core/floor/rack_list.h"
#include "core/sync/conflict.h"
#include "ngx_stockverify_module/api/config.h"
#include "ngx_stockverify_module/api/held_racks.h"

/* GET /api/home: what an app paints first, in one answer. */

static void
sv_home_read(sv_call_t *call)
{
    const sv_principal_t *who = &call->principal;
    sv_json_writer_t *w = &call->json;
    int64_t conflicts = 0;

    sv_json_object(w, NULL);
    sv_user_write_json(w, "user", who);
    sv_json_text(w, "config_etag", sv_config_etag(call->settings, call->arena));
    sv_json_time(w, "server_time", sv_clock_now_ms());
    if (sv_rack_list_floors(call->store, sv_call_warehouse(call, NULL), w, "floors", call->arena, &call->error) !=
            SV_OK ||
        sv_count_list_open(call->store, who, w, "open_counts", call->arena, &call->error) != SV_OK ||
        sv_conflicts_count_open(call->store, who, &conflicts, &call->error) != SV_OK) {
        return;
    }
    sv_json_int(w, "conflicts_open", conflicts);
    sv_held_racks_read(call, call->state);
}

static void
sv_home_answer(sv_request_t *req)
{
    sv_call_t *call = req->call;

    sv_held_racks_write_json(&call->json, "racks", call->state);
    sv_json_end(&call->json);
    sv_http_answer(req);
}

static void
sv_home_known(sv_request_t *req)
{
    sv_http_held_racks_time(req, sv_home_answer);
}

void
sv_http_home(sv_request_t *req)
{
    req->call->state = sv_arena_zalloc(req->call->arena, sizeof(sv_held_racks_t));
    sv_http_thread(req, SV_POOL_DB, sv_home_read, sv_home_known);
}
