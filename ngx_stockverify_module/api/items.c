#include "ngx_stockverify_module/request.h"

#include "core/base/text_gate.h"
#include "core/items/item_search.h"
#include "core/warehouse/warehouse_code.h"
#include "ngx_stockverify_module/lookup_flights.h"

/* Items: what a scan means, search, the master by pages, one item. */

/* The warehouse whose stock is told: the one asked for, else the caller's. */
static bool
sv_items_warehouse(sv_call_t *call, const char **warehouse)
{
    *warehouse = NULL;
    if (!sv_call_query_place(call, "warehouse", warehouse)) {
        return false;
    }
    *warehouse = sv_call_warehouse(call, *warehouse);
    return true;
}

static bool
sv_items_is_staff(const sv_call_t *call)
{
    return call->principal.role < SV_ROLE_SUPERVISOR;
}

/* ---- a scan */

typedef struct {
    sv_lookup_t lookup;
    sv_lookup_found_t found;
    sv_redis_command_t command;
} sv_looking_up_t;

static void
sv_items_found(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_looking_up_t *looking = call->state;

    if (call->error.status == SV_OK) {
        /* what the scan said is told of unknown items too */
        call->data_with_error = true;
        sv_lookup_write(&call->json, &looking->lookup, &looking->found, &call->error);
    }
    sv_http_answer(req);
}

static void
sv_items_read_cache(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_looking_up_t *looking = call->state;

    (void) index;
    sv_lookup_cache_read(reply, &looking->lookup, call->arena, &looking->found);
}

static void
sv_items_cache_asked(sv_request_t *req)
{
    sv_looking_up_t *looking = req->call->state;

    if (looking->found.complete) {
        sv_items_found(req);
        return;
    }
    sv_http_lookup(req, &looking->lookup, &looking->found, sv_items_found);
}

void
sv_http_item_barcode(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_looking_up_t *looking = sv_arena_zalloc(call->arena, sizeof(*looking));
    const char *code = call->params[0], *warehouse;

    call->state = looking;
    if (!sv_items_warehouse(call, &warehouse)) {
        sv_http_answer(req);
        return;
    }
    sv_lookup_read(&looking->lookup, code, strlen(code), call->arena);
    looking->lookup.is_staff = sv_items_is_staff(call);
    looking->lookup.own_warehouse = sv_call_warehouse(call, NULL);
    looking->lookup.warehouse = warehouse;
    if (looking->lookup.key_count == 0) {
        looking->found.complete = true; /* nothing can be called so */
        sv_items_found(req);
        return;
    }
    sv_lookup_cache_command(&looking->command, call->arena, &looking->lookup);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &looking->command }, 1, sv_items_read_cache,
                  sv_items_cache_asked);
}

/* ---- lists, on a database thread */

static bool
sv_items_view(sv_call_t *call, sv_item_view_t *view)
{
    *view = (sv_item_view_t){ .is_staff = sv_items_is_staff(call) };
    return sv_items_warehouse(call, &view->warehouse) &&
           sv_item_blind_for(call->store, sv_items_is_staff(call), sv_call_warehouse(call, NULL), view->warehouse,
                             &view->blind, &call->error) == SV_OK;
}

static void
sv_items_write_blind(sv_call_t *call, const sv_item_view_t *view)
{
    if (view->blind) {
        sv_json_bool(&call->json, "blind", true);
    }
    sv_json_end(&call->json);
}

void
sv_step_items_search(sv_call_t *call)
{
    const char *asked = sv_call_query(call, "q"), *text;
    sv_item_view_t view;
    int64_t limit;

    text = asked == NULL ? NULL : sv_text_pass(SV_TEXT_SEARCH, asked, SV_ITEM_SEARCH_TEXT_MAX, call->arena);
    if (text == NULL) {
        sv_call_wrong_parameter(call, "q", asked == NULL ? "required" : "invalid",
                                "must be what is looked for, in 256 characters at most");
        return;
    }
    if (!sv_call_query_int(call, "limit", 1, SV_ITEM_SEARCH_MAX, SV_ITEM_SEARCH_DEFAULT, &limit) ||
        !sv_items_view(call, &view)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    if (sv_item_search(call->store, text, (size_t) limit, &view, &call->json, call->arena, &call->error) == SV_OK) {
        sv_items_write_blind(call, &view);
    }
}

void
sv_step_items(sv_call_t *call)
{
    sv_page_t page = { 0 };
    sv_item_view_t view;
    int64_t since_ms;

    if (!sv_call_query_time(call, "since", &since_ms) || !sv_call_query_page(call, &page) ||
        !sv_items_view(call, &view)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    if (sv_item_list(call->store, since_ms, &page, &view, &call->json, call->arena, &call->error) == SV_OK) {
        sv_items_write_blind(call, &view);
    }
}

void
sv_step_item(sv_call_t *call)
{
    sv_item_view_t view;

    if (!sv_items_view(call, &view)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    if (sv_item_tell(call->store, call->params[0], &view, &call->json, call->arena, &call->error) == SV_OK) {
        sv_items_write_blind(call, &view);
    }
}
