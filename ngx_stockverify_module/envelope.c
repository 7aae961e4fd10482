#include "ngx_stockverify_module/envelope.h"

#include <string.h>

static void
sv_put(sv_buffer_t *out, const char *text)
{
    sv_buffer_append(out, text, strlen(text));
}

/* `"message": …, "request_id": …}` behind what was written. */
/* `message` NULL: the members before tell it. */
static void
sv_envelope_tail(sv_buffer_t *out, const char *message, ngx_str_t request_id)
{
    sv_json_writer_t json;

    if (message != NULL) {
        sv_put(out, "\"message\":");
        sv_json_writer_init(&json, out);
        sv_json_text(&json, NULL, message);
        sv_put(out, ",");
    }
    sv_put(out, "\"request_id\":\"");
    sv_buffer_append(out, request_id.data, request_id.len);
    sv_put(out, "\"}");
}

static void
sv_envelope_details(sv_json_writer_t *json, const sv_error_t *error)
{
    sv_json_array(json, "details");
    for (size_t i = 0; i < error->detail_count; i++) {
        const sv_detail_t *detail = &error->details[i];

        sv_json_object(json, NULL);
        sv_json_text(json, "field", detail->field);
        sv_json_text(json, "code", detail->code);
        sv_json_text(json, "message", detail->message);
        sv_json_end(json);
    }
    sv_json_end(json);
}

static void
sv_envelope_holder(sv_json_writer_t *json, const sv_holder_t *holder)
{
    sv_json_object(json, "holder");
    sv_json_text(json, "user_id", holder->user_id);
    sv_json_text(json, "full_name", holder->full_name);
    sv_json_text(json, "session_id", holder->session_id);
    sv_json_time(json, "since", holder->since_ms);
    sv_json_int(json, "lock_ttl", holder->lock_ttl_s);
    sv_json_end(json);
}

/* What an operator must know of an internal error is in the log; the client is told no more than that it was one. */
static const char *
sv_error_sentence(const sv_error_t *error)
{
    if (error->message == NULL || sv_status_kind(error->status) == SV_KIND_INTERNAL) {
        return sv_status_message(error->status);
    }
    return error->message;
}

static void
sv_envelope_head(sv_buffer_t *out, const char *head_members)
{
    sv_put(out, "{");
    if (head_members != NULL) {
        sv_put(out, head_members);
    }
}

void
sv_envelope_error(sv_buffer_t *out, const sv_error_t *error, ngx_str_t request_id, const char *head_members,
                  const sv_buffer_t *data)
{
    sv_json_writer_t json;

    sv_envelope_head(out, head_members);
    sv_put(out, "\"success\":false,\"data\":");
    sv_put(out, data == NULL || data->length == 0 ? "null" : data->data);
    sv_put(out, ",\"error\":");
    sv_json_writer_init(&json, out);
    sv_json_object(&json, NULL);
    sv_json_text(&json, "code", sv_status_code(error->status));
    sv_json_text(&json, "message", sv_error_sentence(error));
    sv_envelope_details(&json, error);
    if (error->holder != NULL) {
        sv_envelope_holder(&json, error->holder);
    }
    sv_json_end(&json);
    sv_put(out, ",");
    sv_envelope_tail(out, sv_error_sentence(error), request_id);
}

static const char *
sv_envelope_message(const sv_call_t *call)
{
    return call->message == NULL ? "OK" : call->message;
}

static void
sv_envelope_nested(sv_buffer_t *out, const sv_call_t *call, ngx_str_t request_id)
{
    const sv_buffer_t *data = &call->data;

    sv_envelope_head(out, call->head_members);
    sv_put(out, "\"success\":true,\"data\":");
    if (data->length > 0) {
        sv_buffer_append(out, data->data, data->length);
    } else {
        sv_put(out, "null");
    }
    sv_put(out, ",\"error\":null,");
    sv_envelope_tail(out, sv_envelope_message(call), request_id);
}

/* An object's members stand beside `success` (`with_data`: under `data` too); a list is the whole answer; anything else stays
 * under `data`. */
static void
sv_envelope_flat(sv_buffer_t *out, const sv_call_t *call, bool with_data, ngx_str_t request_id)
{
    const sv_buffer_t *data = &call->data;

    if (data->length > 0 && data->data[0] == '[') {
        sv_buffer_append(out, data->data, data->length);
        return;
    }
    sv_envelope_head(out, call->head_members);
    sv_put(out, "\"success\":true,");
    if (data->length > 2 && data->data[0] == '{') {
        sv_buffer_append(out, data->data + 1, data->length - 2);
        sv_put(out, ",");
    }
    if (data->length > 0 && (with_data || data->data[0] != '{')) {
        sv_put(out, "\"data\":");
        sv_buffer_append(out, data->data, data->length);
        sv_put(out, ",");
    }
    sv_envelope_tail(out, call->tells_message ? NULL : sv_envelope_message(call), request_id);
}

void
sv_envelope_write(sv_buffer_t *out, const sv_call_t *call, sv_envelope_t envelope, ngx_str_t request_id)
{
    if (call->error.status != SV_OK) {
        sv_envelope_error(out, &call->error, request_id, call->head_members,
                          call->data_with_error ? &call->data : NULL);
    } else if (envelope == SV_ENVELOPE_NESTED) {
        sv_envelope_nested(out, call, request_id);
    } else {
        sv_envelope_flat(out, call, envelope == SV_ENVELOPE_FLAT_AND_DATA, request_id);
    }
}
