#include "ngx_stockverify_module/request.h"

#include "core/base/aliases.h"
#include "core/base/mistaken_names.h"
#include "core/counts/count_close.h"
#include "core/counts/count_list.h"
#include "core/counts/count_open.h"
#include "core/floor/lease.h"
#include "core/items/lookup.h"

/* Counts: opening, listing, reconciling, closing. */

enum { SV_CLOSE_REASON_MAX = 500, SV_COUNT_NAME_MAX = 200, SV_COUNT_PLACE_MAX = 128, SV_BULK_MAX = 100 };

static void
sv_read_tolerance(sv_call_t *call, const sv_json_fields_t *fields, sv_tolerance_t *tolerance)
{
    const json_t *object = NULL;
    sv_json_fields_t limits = { .path = "tolerance", .error = &call->error };

    if (!sv_json_get_object(fields, "tolerance", SV_OPTIONAL, &object) || object == NULL) {
        return;
    }
    limits.object = object;
    tolerance->has_percent = json_is_number(json_object_get(object, "percent"));
    tolerance->has_quantity = json_is_number(json_object_get(object, "quantity"));
    tolerance->has_value = json_is_number(json_object_get(object, "value"));
    sv_json_get_quantity(&limits, "percent", SV_OPTIONAL, false, &tolerance->percent);
    sv_json_get_quantity(&limits, "quantity", SV_OPTIONAL, false, &tolerance->quantity);
    sv_json_get_quantity(&limits, "value", SV_OPTIONAL, false, &tolerance->value);
    sv_json_get_bool(&limits, "different_user", SV_OPTIONAL, &tolerance->different_user);
    if (call->error.status == SV_OK && !tolerance->has_percent && !tolerance->has_quantity && !tolerance->has_value) {
        sv_fail_field(&call->error, "tolerance", "no_limit", "must have percent, quantity or value");
    }
}

static bool
sv_read_opening(sv_call_t *call, sv_count_opening_t *opening)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };

    if (body == NULL) {
        return false;
    }
    sv_aliases_take(SV_ALIASES_OF_COUNT, &fields);
    sv_mistaken_names_refuse(SV_NAMES_OF_COUNT, &fields);
    sv_json_get_identifier(&fields, "warehouse", SV_REQUIRED, SV_COUNT_PLACE_MAX, &opening->warehouse);
    sv_json_get_identifier(&fields, "floor", SV_OPTIONAL, SV_COUNT_PLACE_MAX, &opening->floor);
    sv_json_get_text(&fields, "name", SV_OPTIONAL, 1, SV_COUNT_NAME_MAX, &opening->name);
    sv_json_get_bool(&fields, "blind", SV_OPTIONAL, &opening->blind);
    sv_json_get_bool(&fields, "strict", SV_OPTIONAL, &opening->strict);
    sv_read_tolerance(call, &fields, &opening->tolerance);
    if (sv_json_get_identifiers(&fields, "racks", SV_OPTIONAL, SV_COUNT_MAX_RACKS, SV_RACK_ID_MAX, call->arena,
                                &opening->racks, &opening->rack_count) &&
        opening->rack_count == 0) {
        sv_fail_field(&call->error, "racks", "too_short", "must name at least one rack, or be left out");
    }
    return call->error.status == SV_OK;
}

void
sv_step_count_open(sv_call_t *call)
{
    sv_count_opening_t opening = { 0 };
    sv_count_t count;

    if (!sv_read_opening(call, &opening) ||
        sv_count_open(call->store, &call->principal, &opening, call->arena, &count, &call->error) != SV_OK) {
        return;
    }
    sv_count_event_command(sv_call_effect(call), call->arena, "count.opened", count.session_id, count.warehouse,
                           count.status);
    if (opening.blind) {
        sv_items_changed_command(sv_call_effect(call), call->arena);
    }
    sv_count_write_json(&call->json, NULL, &count, true);
    call->success_status = 201;
    call->location = sv_arena_printf(call->arena, "/api/sessions/%s", count.session_id);
    call->message = "Count opened";
}

void
sv_step_counts(sv_call_t *call)
{
    sv_count_query_t query = { 0 };
    sv_page_t page = { 0 };
    int state;

    if (!sv_call_query_choice(call, "status", sv_count_state_names, &state) ||
        !sv_call_query_place(call, "warehouse", &query.warehouse) ||
        !sv_call_query_identifier(call, "user", SV_COUNT_PLACE_MAX, &query.user) ||
        !sv_call_query_range(call, query.warehouse, &query.from_ms, &query.to_ms) || !sv_call_query_page(call, &page)) {
        return;
    }
    query.status = state >= 0 ? sv_count_state_names[state] : NULL;
    sv_json_object(&call->json, NULL);
    sv_count_list(call->store, &call->principal, &query, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

/* ---- several counts at once, a verdict for each */

typedef struct {
    sv_count_step_t step;
    const char **ids;
    size_t count;
    sv_count_end_t end;
} sv_bulk_t;

static bool
sv_read_bulk(sv_call_t *call, sv_bulk_t *bulk)
{
    const json_t *body = sv_call_body_list_loosely(call, "session_ids", NULL);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };

    if (body == NULL) {
        return false;
    }
    if (sv_json_get_identifiers(&fields, "session_ids", SV_REQUIRED, SV_BULK_MAX, SV_SESSION_ID_MAX, call->arena,
                                &bulk->ids, &bulk->count) &&
        bulk->count == 0) {
        sv_fail_field(&call->error, "session_ids", "too_short", "must name at least one count");
    }
    sv_json_get_bool(&fields, "force", SV_OPTIONAL, &bulk->end.force);
    sv_json_get_text(&fields, "reason", SV_OPTIONAL, 1, SV_CLOSE_REASON_MAX, &bulk->end.reason);
    sv_mistaken_names_refuse(SV_NAMES_OF_COUNTS, &fields);
    return call->error.status == SV_OK;
}

/* Redis forgets the leases of what was interrupted, and listeners are told. */
static void
sv_announce_count(sv_call_t *call, sv_count_step_t step, const sv_count_verdict_t *verdict)
{
    static const char *const events[] = { "count.reconciling", "count.closed" };

    for (size_t i = 0; i < verdict->interrupted_count; i++) {
        sv_session_state_command(sv_call_effect(call), call->arena, call->settings, &verdict->interrupted[i], 0,
                                 "rack.interrupted");
    }
    sv_count_event_command(sv_call_effect(call), call->arena, events[step], verdict->count_id, verdict->warehouse,
                           verdict->status);
    sv_items_changed_command(sv_call_effect(call), call->arena); /* it may have been a blind one */
}

static void
sv_write_verdict(sv_json_writer_t *w, const sv_count_verdict_t *verdict)
{
    bool success = verdict->result == SV_OK;

    sv_json_object(w, NULL);
    sv_json_text(w, "session_id", verdict->count_id);
    sv_json_bool(w, "success", success);
    sv_json_text(w, "status", verdict->status);
    sv_json_text(w, "code", success ? NULL : sv_status_code(verdict->result));
    sv_json_text(w, "message", verdict->message != NULL ? verdict->message : sv_status_message(verdict->result));
    sv_json_end(w);
}

/* A count that cannot be reached now gets its verdict too: those before it have theirs already. */
static void
sv_advance_counts(sv_call_t *call)
{
    sv_bulk_t *bulk = call->state;

    sv_json_object(&call->json, NULL);
    sv_json_array(&call->json, "results");
    for (size_t i = 0; i < bulk->count; i++) {
        sv_count_verdict_t verdict;

        if (sv_count_advance(call->store, &call->principal, bulk->ids[i], bulk->step, &bulk->end, call->arena, &verdict,
                             &call->error) != SV_OK) {
            if (sv_status_kind(call->error.status) != SV_KIND_UNAVAILABLE || i == 0) {
                return;
            }
            verdict.result = call->error.status;
            verdict.status = NULL;
            verdict.message = NULL;
            sv_error_clear(&call->error);
        }
        if (verdict.result == SV_OK) {
            sv_announce_count(call, bulk->step, &verdict);
        }
        sv_write_verdict(&call->json, &verdict);
    }
    sv_json_end(&call->json);
    sv_json_end(&call->json);
}

static void
sv_http_bulk(sv_request_t *req, sv_count_step_t step)
{
    sv_bulk_t *bulk = sv_arena_zalloc(req->call->arena, sizeof(*bulk));

    bulk->step = step;
    req->call->state = bulk;
    if (!sv_read_bulk(req->call, bulk)) {
        sv_http_answer(req);
        return;
    }
    sv_http_thread(req, SV_POOL_DB, sv_advance_counts, sv_http_answer);
}

void
sv_http_counts_reconcile(sv_request_t *req)
{
    sv_http_bulk(req, SV_COUNT_RECONCILE);
}

void
sv_http_counts_close(sv_request_t *req)
{
    sv_http_bulk(req, SV_COUNT_CLOSE);
}
