/* /api/adjustments, and the approval of a count that makes one. */
#include "core/adjust/adjustment_export.h"
#include "core/adjust/approve.h"
#include "core/adjust/posting.h"
#include "core/adjust/reverse.h"
#include "ngx_stockverify_module/api/export_query.h"
#include "ngx_stockverify_module/api/job_answer.h"

enum { SV_COUNT_ID_MAX = 128 };

/* {note}: why, for whoever reads the trail. */
static bool
sv_read_note(sv_call_t *call, const char **note)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };

    return body != NULL && sv_json_get_text(&fields, "note", SV_REQUIRED, 1, SV_APPROVE_NOTE_MAX, note) &&
           call->error.status == SV_OK;
}

/* ---- jobs that make one */

static void
sv_count_approve_ask(sv_call_t *call)
{
    const char *note;
    const bson_t *job;
    bool created;

    if (sv_read_note(call, &note) &&
        sv_approve_request(call->store, &call->principal, call->params[0], note, call->arena, &job, &created,
                           &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_adjustment_reverse_ask(sv_call_t *call)
{
    const char *note;
    const bson_t *job;
    bool created;

    if (sv_read_note(call, &note) &&
        sv_reverse_request(call->store, &call->principal, call->params[0], note, call->arena, &job, &created,
                           &call->error) == SV_OK) {
        sv_job_asked(call, job, created);
    }
}

static void
sv_write_adjustment(sv_call_t *call, const bson_t *head)
{
    sv_json_object(&call->json, NULL);
    sv_adjustment_write_members(&call->json, head);
    sv_json_end(&call->json);
}

static void
sv_adjustment_made(sv_call_t *call)
{
    sv_adjustment_t adjustment;

    if (sv_adjustment_find(call->store, sv_job_resource_id(call), call->arena, &adjustment, &call->error) == SV_OK) {
        sv_write_adjustment(call, adjustment.document);
        call->message = adjustment.reversal ? "Adjustment reversed" : "Count approved";
    }
}

void
sv_http_count_approve(sv_request_t *req)
{
    sv_http_job(req, sv_count_approve_ask, sv_adjustment_made);
}

void
sv_http_adjustment_reverse(sv_request_t *req)
{
    sv_http_job(req, sv_adjustment_reverse_ask, sv_adjustment_made);
}

/* ---- reading */

void
sv_step_adjustments(sv_call_t *call)
{
    sv_adjustment_query_t query = { 0 };
    sv_page_t page = { 0 };
    int status;

    if (!sv_call_query_choice(call, "status", sv_adjustment_status_names, &status) ||
        !sv_call_query_place(call, "warehouse", &query.warehouse) ||
        !sv_call_query_identifier(call, "count_id", SV_COUNT_ID_MAX, &query.count_id) ||
        !sv_call_query_page(call, &page)) {
        return;
    }
    query.status = status >= 0 ? sv_adjustment_status_names[status] : NULL;
    sv_json_object(&call->json, NULL);
    sv_adjustment_list(call->store, &query, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_adjustment(sv_call_t *call)
{
    int64_t states[SV_POSTING_STATES] = { 0 };
    sv_adjustment_t adjustment;
    sv_page_t page = { 0 };
    int state;

    if (!sv_call_query_choice(call, "state", sv_posting_state_names, &state) || !sv_call_query_page(call, &page) ||
        sv_adjustment_find(call->store, call->params[0], call->arena, &adjustment, &call->error) != SV_OK ||
        sv_adjustment_count_states(call->store, adjustment.adjustment_id, states, &call->error) != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_adjustment_write_members(&call->json, adjustment.document);
    sv_json_object(&call->json, "posting");
    for (int i = 0; i < SV_POSTING_STATES; i++) {
        sv_json_int(&call->json, sv_posting_state_names[i], states[i]);
    }
    sv_json_end(&call->json);
    sv_adjustment_list_lines(call->store, adjustment.adjustment_id, state >= 0 ? sv_posting_state_names[state] : NULL,
                             &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

static void
sv_adjustment_export_ask(sv_call_t *call)
{
    sv_export_request_t wanted = { .source_id = call->params[0] };
    const bson_t *job = NULL;
    bool created;

    if (sv_call_query_export(call, &wanted) &&
        sv_adjustment_export_request(call->store, &call->principal, &wanted, call->arena, &job, &created,
                                     &call->error) == SV_OK) {
        sv_export_asked(call, job, created);
    }
}

void
sv_http_adjustment_export(sv_request_t *req)
{
    sv_http_job(req, sv_adjustment_export_ask, sv_job_made_file);
}

/* ---- its way to the ERP */

static void
sv_adjustment_step(sv_call_t *call, sv_posting_step_t step, const char *message)
{
    const bson_t *head = NULL;

    if (sv_posting_take_step(call->store, &call->principal, call->params[0], step, call->arena, &head, &call->error) ==
        SV_OK) {
        sv_write_adjustment(call, head);
        call->message = message;
    }
}

void
sv_step_adjustment_post(sv_call_t *call)
{
    static const char *const methods[] = { "erp", "file", NULL };
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    int method = 0;

    if (body != NULL) {
        sv_json_get_choice(&fields, "method", SV_OPTIONAL, methods, &method);
    }
    if (call->error.status != SV_OK) {
        return;
    }
    if (method == 1) {
        sv_adjustment_step(call, SV_POSTING_LOADED, "Noted as loaded into the ERP");
    } else {
        sv_adjustment_step(call, SV_POSTING_POST, "Posting");
    }
}

void
sv_step_adjustment_stop(sv_call_t *call)
{
    sv_adjustment_step(call, SV_POSTING_STOP, "Stopped");
}

void
sv_step_adjustment_retry(sv_call_t *call)
{
    sv_adjustment_step(call, SV_POSTING_RETRY, "Posting again");
}
