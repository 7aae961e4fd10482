#include "ngx_stockverify_module/api/sync_effects.h"

#include "core/floor/lease.h"
#include "core/sync/announce.h"

void
sv_sync_effects(sv_call_t *call, const sv_fenced_t *sessions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sessions[i].rearmed) {
            sv_lease_restore_command(sv_call_effect(call), call->arena, call->settings, &sessions[i].facts);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (sessions[i].wrote) {
            sv_sync_announce_command(sv_call_effect(call), call->arena, &sessions[i]);
        }
    }
}
