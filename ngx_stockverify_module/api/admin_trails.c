#include "core/audit/audit_list.h"
#include "core/audit/error_log.h"
#include "ngx_stockverify_module/call.h"

/* What was done, and what went wrong: /api/admin/audit, /api/admin/errors, /api/client-errors. */

enum { SV_TRAIL_TEXT_MAX = 320, SV_REPORT_MESSAGE_MAX = 1000, SV_REPORT_STACK_MAX = 8000, SV_REPORT_WORD_MAX = 128 };

void
sv_step_audit(sv_call_t *call)
{
    static const char *const sorts[] = { "at", NULL };
    static const char *const which[] = { "false", "true", NULL };
    sv_audit_query_t query = { 0 };
    const struct {
        const char *name;
        const char **value;
    } texts[] = { { "user", &query.user_id },        { "session", &query.session_id },
                  { "rack_id", &query.rack_id },     { "count_id", &query.count_id },
                  { "warehouse", &query.warehouse }, { "request_id", &query.request_id },
                  { "action", &query.action } };
    int verify;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!sv_call_query_identifier(call, texts[i].name, SV_TRAIL_TEXT_MAX, texts[i].value)) {
            return;
        }
    }
    if (!sv_call_query_choice(call, "verify", which, &verify) ||
        !sv_call_query_sorted_page(call, "audit", sorts, "-at", &query.page) ||
        !sv_call_query_range(call, query.warehouse, &query.from_ms, &query.to_ms)) {
        return;
    }
    query.verify = verify == 1;
    sv_json_object(&call->json, NULL);
    sv_audit_page_write(call->store, &query, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_errors(sv_call_t *call)
{
    sv_error_query_t query = { 0 };
    int source;

    if (!sv_call_query_choice(call, "source", sv_error_sources, &source) ||
        !sv_call_query_identifier(call, "code", SV_REPORT_WORD_MAX, &query.code) ||
        !sv_call_query_identifier(call, "user", SV_TRAIL_TEXT_MAX, &query.user_id) ||
        !sv_call_query_identifier(call, "request_id", SV_REPORT_WORD_MAX, &query.request_id) ||
        !sv_call_query_page(call, &query.page) || !sv_call_query_range(call, NULL, &query.from_ms, &query.to_ms)) {
        return;
    }
    query.source = source < 0 ? NULL : sv_error_sources[source];
    sv_json_object(&call->json, NULL);
    sv_error_log_write(call->store, &query, &call->json, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_client_errors(sv_call_t *call)
{
    const sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_error_entry_t entry = { .source = SV_ERROR_OF_CONSOLE, .code = "console_error" };

    if (fields.object == NULL) {
        return;
    }
    if (sv_json_get_note(&fields, "message", SV_REQUIRED, SV_REPORT_MESSAGE_MAX, &entry.message) &&
        entry.message[0] == '\0') {
        sv_fail_field(&call->error, "message", "too_short", "message must not be empty");
    }
    sv_json_get_identifier(&fields, "code", SV_OPTIONAL, SV_REPORT_WORD_MAX, &entry.code);
    sv_json_get_note(&fields, "stack", SV_OPTIONAL, SV_REPORT_STACK_MAX, &entry.stack);
    sv_json_get_text(&fields, "page", SV_OPTIONAL, 0, SV_TRAIL_TEXT_MAX, &entry.route);
    sv_json_get_text(&fields, "version", SV_OPTIONAL, 0, SV_REPORT_WORD_MAX, &entry.version);
    sv_json_get_text(&fields, "device", SV_OPTIONAL, 0, SV_TRAIL_TEXT_MAX, &entry.device);
    if (call->error.status == SV_OK &&
        sv_error_log_report(call->store, &call->principal, &entry, &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_bool(&call->json, "noted", true);
        sv_json_end(&call->json);
    }
}
