/* POST /api/sync/rescue: the file of a lost or broken phone. */
#include "core/photos/photo_sent.h"
#include "core/rescue/rescue.h"
#include "ngx_stockverify_module/handlers.h"

/* Pictures inside are the user's, as if the phone had sent them. */
static sv_status_t
sv_rescue_take_photos(sv_call_t *call, const sv_principal_t *owner, const json_t *body)
{
    static const struct {
        const char *list, *names;
    } places[] = {
        { "records", "photo_proofs" },
        { "count_lines", "photo_proofs" },
        { "unknown_items", "photos" },
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (sv_photos_take_sent(call->store, owner, body, places[i].list, places[i].names, &call->error) != SV_OK) {
            break;
        }
    }
    return call->error.status;
}

void
sv_step_sync_rescue(sv_call_t *call)
{
    const json_t *body = sv_call_body_of_many(call, "records");
    sv_rescue_t rescue;
    sv_rescued_t rescued;

    if (body == NULL || sv_rescue_read(call->store, body, &rescue, &call->error) != SV_OK ||
        sv_rescue_take_photos(call, &rescue.owner, body) != SV_OK ||
        sv_rescue(call->store, &call->principal, &rescue, &rescued, &call->error) != SV_OK) {
        return;
    }
    sv_rescued_write_json(&call->json, &rescued);
}
