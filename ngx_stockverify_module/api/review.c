/* Closing a count: how its racks and lines stand, accepting, excluding, recounts, assignments. */
#include "core/review/accept.h"
#include "core/review/count_racks.h"
#include "core/review/recount_request.h"
#include "core/review/review_change.h"
#include "core/review/review_line.h"
#include "core/review/review_list.h"
#include "ngx_stockverify_module/call.h"

#include <string.h>

enum { SV_REVIEW_NOTE_MAX = 500, SV_REVIEW_CODE_MAX = 128, SV_REVIEW_USER_MAX = 128 };

static bool
sv_review_find(sv_call_t *call, sv_count_t *count)
{
    return sv_review_count(call->store, call->params[0], true, call->arena, count, &call->error) == SV_OK;
}

void
sv_step_count_racks(sv_call_t *call)
{
    sv_page_t page = { 0 };
    sv_count_t count;

    if (!sv_call_query_page(call, &page) || !sv_review_find(call, &count)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_count_racks_write(call->store, &count, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_review(sv_call_t *call)
{
    sv_review_query_t query = { 0 };
    sv_count_t count;

    if (!sv_call_query_choice(call, "state", sv_review_states, &query.state) ||
        !sv_call_query_choice(call, "sort", sv_review_sorts, &query.sort) ||
        !sv_call_query_identifier(call, "item", SV_REVIEW_CODE_MAX, &query.item_code) ||
        !sv_call_query_page(call, &query.page) || !sv_review_find(call, &count)) {
        return;
    }
    query.sort = query.sort < 0 ? 0 : query.sort;
    sv_json_object(&call->json, NULL);
    sv_review_write(call->store, &count, &query, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_review_line(sv_call_t *call)
{
    sv_count_t count;

    if (!sv_review_find(call, &count)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_review_line_write(call->store, &count, call->params[1], &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

/* ---- accepting */

static void
sv_read_accept_line(sv_call_t *call, const json_t *element, const char *path, sv_accept_line_t *line)
{
    sv_json_fields_t fields = { element, path, &call->error };

    if (!json_is_object(element)) {
        sv_fail_field(&call->error, path, "wrong_type", "must be an object");
        return;
    }
    line->lot = "";
    sv_json_get_identifier(&fields, "item_code", SV_REQUIRED, SV_REVIEW_CODE_MAX, &line->item_code);
    /* As the review tells it: "" of an item whose lots are not counted apart. */
    if (json_string_length(json_object_get(element, "lot")) > 0 || !json_is_string(json_object_get(element, "lot"))) {
        sv_json_get_identifier(&fields, "lot", SV_OPTIONAL, SV_REVIEW_CODE_MAX, &line->lot);
    }
    sv_json_get_int(&fields, "version", SV_REQUIRED, 0, INT64_MAX, &line->version);
    line->lot = line->lot != NULL ? line->lot : "";
}

static void
sv_refuse_twice(sv_call_t *call, const sv_accept_t *accept)
{
    for (size_t i = 0; call->error.status == SV_OK && i < accept->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(accept->lines[i].item_code, accept->lines[j].item_code) == 0 &&
                strcmp(accept->lines[i].lot, accept->lines[j].lot) == 0) {
                sv_fail_field(&call->error, sv_arena_printf(call->arena, "lines[%zu]", i), "duplicate",
                              "the line stands there twice");
            }
        }
    }
}

static bool
sv_read_accept(sv_call_t *call, sv_accept_t *accept)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    const json_t *lines;

    if (fields.object == NULL) {
        return false;
    }
    sv_json_get_note(&fields, "note", SV_OPTIONAL, SV_REVIEW_NOTE_MAX, &accept->note);
    if (sv_json_get_array(&fields, "lines", SV_REQUIRED, SV_ACCEPT_LINES, &lines)) {
        accept->count = json_array_size(lines);
        accept->lines = sv_arena_zalloc(call->arena, (accept->count + 1) * sizeof(accept->lines[0]));
        for (size_t i = 0; i < accept->count; i++) {
            sv_read_accept_line(call, json_array_get(lines, i), sv_arena_printf(call->arena, "lines[%zu]", i),
                                &accept->lines[i]);
        }
        if (accept->count == 0) {
            sv_fail_field(&call->error, "lines", "too_short", "must name at least one line");
        }
    }
    sv_refuse_twice(call, accept);
    return call->error.status == SV_OK;
}

static void
sv_write_accepted(sv_call_t *call, const sv_accept_t *accept, size_t accepted)
{
    sv_json_writer_t *w = &call->json;

    sv_json_object(w, NULL);
    sv_json_int(w, "accepted", (int64_t) accepted);
    sv_json_array(w, "lines");
    for (size_t i = 0; i < accept->count; i++) {
        const sv_accept_line_t *line = &accept->lines[i];
        bool success = line->result == SV_OK;

        sv_json_object(w, NULL);
        sv_json_text(w, "item_code", line->item_code);
        sv_json_text(w, "lot", line->lot);
        sv_json_bool(w, "success", success);
        sv_json_text(w, "state", line->state);
        if (line->version_now >= 0) {
            sv_json_int(w, "version", line->version_now);
        } else {
            sv_json_null(w, "version");
        }
        sv_json_text(w, "code", success ? NULL : sv_status_code(line->result));
        sv_json_text(w, "message", success ? NULL : sv_status_message(line->result));
        sv_json_end(w);
    }
    sv_json_end(w);
    sv_json_end(w);
}

/* Where none is accepted the request failed, as its first line did; each is among the details. */
static void
sv_refuse_lines(sv_call_t *call, const sv_accept_t *accept)
{
    for (size_t i = 0; i < accept->count; i++) {
        sv_fail(&call->error, accept->lines[i].result, NULL);
        sv_fail_field(&call->error, sv_arena_printf(call->arena, "lines[%zu]", i),
                      sv_status_code(accept->lines[i].result), "%s", sv_status_message(accept->lines[i].result));
    }
}

void
sv_step_review_accept(sv_call_t *call)
{
    sv_accept_t accept = { .count_id = call->params[0] };
    size_t accepted = 0;

    if (!sv_read_accept(call, &accept) ||
        sv_review_accept(call->store, &call->principal, &accept, call->arena, &call->error) != SV_OK) {
        return;
    }
    for (size_t i = 0; i < accept.count; i++) {
        accepted += accept.lines[i].result == SV_OK;
    }
    if (accepted == 0) {
        sv_refuse_lines(call, &accept);
        return;
    }
    sv_count_event_command(sv_call_effect(call), call->arena, "review.accepted", accept.count_id,
                           accept.warehouse, NULL);
    sv_write_accepted(call, &accept, accepted);
}

/* ---- racks that need not be counted */

void
sv_step_review_exclude(sv_call_t *call)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_exclusion_t exclusion = { .count_id = call->params[0] };
    sv_count_t count;

    if (fields.object == NULL) {
        return;
    }
    sv_json_get_bool(&fields, "undo", SV_OPTIONAL, &exclusion.undo);
    sv_json_get_note(&fields, "reason", exclusion.undo ? SV_OPTIONAL : SV_REQUIRED, SV_REVIEW_NOTE_MAX,
                     &exclusion.reason);
    if (exclusion.reason != NULL && exclusion.reason[0] == '\0') {
        sv_fail_field(&call->error, "reason", "too_short", "must say why");
    }
    if (sv_json_get_identifiers(&fields, "racks", SV_REQUIRED, SV_REVIEW_RACKS, SV_RACK_ID_MAX, call->arena,
                                &exclusion.racks, &exclusion.rack_count) &&
        exclusion.rack_count == 0) {
        sv_fail_field(&call->error, "racks", "too_short", "must name at least one rack");
    }
    if (call->error.status != SV_OK ||
        sv_review_exclude(call->store, &call->principal, &exclusion, call->arena, &count, &call->error) != SV_OK) {
        return;
    }
    sv_count_event_command(sv_call_effect(call), call->arena, exclusion.undo ? "review.included" : "review.excluded",
                           count.session_id, count.warehouse, count.status);
    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "count_id", count.session_id);
    sv_review_write_excluded(&call->json, &count);
    sv_json_end(&call->json);
}

/* ---- recounts */

static bool
sv_read_recounts(sv_call_t *call, sv_recount_request_t *request)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };

    if (fields.object == NULL) {
        return false;
    }
    sv_json_get_identifiers(&fields, "racks", SV_OPTIONAL, SV_RECOUNT_RACKS, SV_RACK_ID_MAX, call->arena,
                            &request->racks, &request->rack_count);
    sv_json_get_identifiers(&fields, "item_codes", SV_OPTIONAL, SV_RECOUNT_ITEMS, SV_REVIEW_CODE_MAX, call->arena,
                            &request->item_codes, &request->item_count);
    sv_json_get_bool(&fields, "different_user", SV_OPTIONAL, &request->different_user);
    sv_json_get_bool(&fields, "withdraw", SV_OPTIONAL, &request->withdraw);
    if (call->error.status == SV_OK && (request->rack_count > 0) == (request->item_count > 0)) {
        sv_fail_field(&call->error, "racks", "racks_or_item_codes", "name racks, or item_codes");
    }
    request->racks = request->rack_count > 0 ? request->racks : NULL;
    return call->error.status == SV_OK;
}

void
sv_step_recounts_ask(sv_call_t *call)
{
    sv_recount_request_t request = { .count_id = call->params[0] };
    sv_recount_answer_t answer = { 0 };

    if (!sv_read_recounts(call, &request) ||
        sv_recount_request(call->store, &call->principal, &request, call->arena, &answer, &call->error) != SV_OK) {
        return;
    }
    sv_count_event_command(sv_call_effect(call), call->arena,
                           request.withdraw ? "recount.withdrawn" : "recount.asked", request.count_id, NULL, NULL);
    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "count_id", request.count_id);
    sv_recounts_write(call->store, request.count_id, "recounts", &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_recounts(sv_call_t *call)
{
    sv_count_t count;

    if (!sv_review_find(call, &count)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "count_id", count.session_id);
    sv_recounts_write(call->store, count.session_id, "recounts", &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

/* ---- who counts what */

void
sv_step_assignments(sv_call_t *call)
{
    sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_assignments_t assignments = { .count_id = call->params[0] };
    sv_assignment_t *rows;
    const json_t *array;
    sv_count_t count;

    if (fields.object == NULL ||
        !sv_json_get_array(&fields, "assignments", SV_REQUIRED, SV_ASSIGNMENTS_MAX, &array)) {
        return;
    }
    assignments.count = json_array_size(array);
    assignments.rows = rows = sv_arena_zalloc(call->arena, (assignments.count + 1) * sizeof(rows[0]));
    for (size_t i = 0; i < assignments.count; i++) {
        sv_json_fields_t row = { json_array_get(array, i), sv_arena_printf(call->arena, "assignments[%zu]", i),
                                 &call->error };

        if (!json_is_object(row.object)) {
            sv_fail_field(&call->error, row.path, "wrong_type", "must be an object");
            continue;
        }
        sv_json_get_identifier(&row, "rack_id", SV_REQUIRED, SV_RACK_ID_MAX, &rows[i].rack_id);
        sv_json_get_identifier(&row, "user_id", SV_REQUIRED, SV_REVIEW_USER_MAX, &rows[i].user_id);
    }
    if (call->error.status != SV_OK ||
        sv_review_assign(call->store, &call->principal, &assignments, call->arena, &count, &call->error) != SV_OK) {
        return;
    }
    sv_count_event_command(sv_call_effect(call), call->arena, "count.assigned", count.session_id, count.warehouse,
                           count.status);
    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "count_id", count.session_id);
    sv_review_write_assignments(&call->json, &count);
    sv_json_end(&call->json);
}
