#ifndef SV_API_SYNC_EFFECTS_H
#define SV_API_SYNC_EFFECTS_H

#include "core/sync/fence.h"
#include "ngx_stockverify_module/call.h"

/* Redis learns what was stored for these floor sessions: leases first, since nobody repeats those. */
void sv_sync_effects(sv_call_t *call, const sv_fenced_t *sessions, size_t count);

#endif
