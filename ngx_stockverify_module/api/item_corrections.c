/* Corrections of the master: POST /api/erp/items/update-master */
#include "core/items/corrections.h"
#include "core/items/lookup.h"
#include "ngx_stockverify_module/handlers.h"

enum { SV_ITEM_CODE_MAX = 128 };

static void
sv_item_corrected_write(sv_call_t *call, const sv_item_corrected_t *corrected)
{
    const sv_item_view_t view = { .warehouse = sv_call_warehouse(call, NULL) };

    sv_json_object(&call->json, NULL);
    sv_item_write(&call->json, corrected->item, &corrected->stocks, &view, call->arena);
    sv_item_write_corrections(&call->json, corrected->item, call->arena);
    sv_json_end(&call->json);
}

void
sv_step_item_correct(sv_call_t *call)
{
    const json_t *body = sv_call_body(call), *changes = NULL;
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    const char *item_code = NULL;
    sv_item_corrected_t corrected;

    if (body == NULL) {
        return;
    }
    sv_json_get_identifier(&fields, "item_code", SV_REQUIRED, SV_ITEM_CODE_MAX, &item_code);
    sv_json_get_object(&fields, "changes", SV_REQUIRED, &changes);
    if (call->error.status != SV_OK ||
        sv_item_correct(call->store, &call->principal, item_code, changes, &corrected, &call->error) != SV_OK) {
        return;
    }
    sv_items_changed_command(sv_call_effect(call), call->arena);
    sv_item_corrected_write(call, &corrected);
    call->message = "Item corrected";
}
