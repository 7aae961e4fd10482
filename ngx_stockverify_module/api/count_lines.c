/* Evidence scan by scan: POST and GET /api/count-lines */
#include "core/floor/floor.h"
#include "core/photos/photo_sent.h"
#include "core/verify/count_lines.h"
#include "ngx_stockverify_module/handlers.h"

void
sv_step_count_lines_add(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    sv_count_lines_t lines;

    if (body != NULL &&
        sv_photos_take_sent(call->store, &call->principal, body, "lines", "photo_proofs", &call->error) == SV_OK &&
        sv_count_lines_read(body, &lines, &call->error) == SV_OK &&
        sv_count_lines_store(call->store, &call->principal, &lines, &call->error) == SV_OK) {
        sv_count_lines_write_json(&call->json, &lines);
    }
}

void
sv_step_count_lines(sv_call_t *call)
{
    const char *session_id;
    sv_page_t page = { 0 };

    if (!sv_call_query_identifier(call, "session_id", SV_SESSION_ID_MAX, &session_id) ||
        !sv_call_query_page(call, &page)) {
        return;
    }
    if (session_id == NULL) {
        sv_call_wrong_parameter(call, "session_id", "required", "must name a floor session");
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_count_lines_list(call->store, &call->principal, session_id, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}
