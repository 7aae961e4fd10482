#ifndef SV_ERP_SYNC_H
#define SV_ERP_SYNC_H

#include "core/erp/lookup.h"
#include "core/erp/run.h"
#include "core/redis/client.h"

/* Imports that nobody asks for, and what is told of imports. */
enum { SV_ERP_SYNC_ROUND_MS = 5000 };

/* Whether the settings name an ERP. */
bool sv_erp_configured(const sv_settings_t *settings);

/* Requests an import of what changed, when ERP_SYNC_INTERVAL has passed since the last run began and none is under way.
 */
sv_status_t sv_erp_sync_round(sv_store_t *store, sv_redis_client_t *redis, int64_t *requested, sv_error_t *error);

/* One object: how the ERP is, the last run, with what it refused, and the last that came to its end. */
sv_status_t sv_erp_sync_write(sv_store_t *store, const sv_erp_state_t *state, sv_json_writer_t *json, sv_arena_t *arena,
                              sv_error_t *error);

#endif
