/* /api/serials: where a serial number was, and what a count says of all of them. */
#include "core/serials/serial_life.h"
#include "core/serials/serial_list.h"
#include "ngx_stockverify_module/call.h"

enum { SV_SERIALS_COUNT_ID_MAX = 320, SV_SERIALS_ITEM_MAX = 128 };

void
sv_step_serial(sv_call_t *call)
{
    sv_serial_life_write(call->store, &call->principal, call->params[0], &call->json, &call->error);
}

void
sv_step_serials(sv_call_t *call)
{
    static const char *const words[] = { "found", "misplaced", "missing", "duplicate", "swapped", NULL };
    sv_serial_query_t query = { 0 };
    sv_page_t page = { 0 };

    if (!sv_call_query_identifier(call, "count_id", SV_SERIALS_COUNT_ID_MAX, &query.count_id) ||
        !sv_call_query_identifier(call, "item_code", SV_SERIALS_ITEM_MAX, &query.item_code) ||
        !sv_call_query_choice(call, "state", words, &query.state) || !sv_call_query_page(call, &page)) {
        return;
    }
    if (query.count_id == NULL) {
        sv_call_wrong_parameter(call, "count_id", "required", "must name the count");
        return;
    }
    query.swapped = query.state == SV_SERIAL_STATES;
    if (query.swapped) {
        query.state = -1;
    }
    query.limit = page.limit;
    query.cursor = page.cursor;
    sv_serials_list(call->store, &query, &call->json, &call->error);
}
