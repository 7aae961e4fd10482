#include "core/auth/device.h"
#include "ngx_stockverify_module/call.h"

/* A user's own enrolled devices. */

static void
sv_device_write(sv_json_writer_t *json, const sv_device_t *device)
{
    sv_json_object(json, NULL);
    sv_json_text(json, "device_id", device->device_id);
    if (device->name == NULL) {
        sv_json_null(json, "name");
    } else {
        sv_json_text(json, "name", device->name);
    }
    sv_json_time(json, "enrolled_at", device->enrolled_at_ms);
    sv_json_time(json, "last_used_at", device->last_used_at_ms);
    sv_json_end(json);
}

void
sv_step_auth_devices(sv_call_t *call)
{
    const sv_device_t *devices;
    size_t count;

    if (sv_device_list(call->store, call->principal.user_id, NULL, call->arena, &devices, &count, &call->error) !=
        SV_OK) {
        return;
    }
    sv_json_array(&call->json, NULL);
    for (size_t i = 0; i < count; i++) {
        sv_device_write(&call->json, &devices[i]);
    }
    sv_json_end(&call->json);
}

void
sv_step_auth_device(sv_call_t *call)
{
    const char *device_id = call->params[0];
    const sv_device_t *devices;
    size_t count;

    if (sv_device_list(call->store, call->principal.user_id, device_id, call->arena, &devices, &count, &call->error) !=
        SV_OK) {
        return;
    }
    if (count == 0) {
        sv_fail(&call->error, SV_ERR_NOT_FOUND, "There is no device %s", device_id);
        return;
    }
    sv_device_write(&call->json, &devices[0]);
}

void
sv_step_auth_device_delete(sv_call_t *call)
{
    if (sv_device_forget(call->store, call->principal.user_id, call->params[0], &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_text(&call->json, "device_id", call->params[0]);
        sv_json_end(&call->json);
    }
}
