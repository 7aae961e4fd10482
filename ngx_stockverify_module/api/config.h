#ifndef SV_API_CONFIG_H
#define SV_API_CONFIG_H

#include "core/settings/settings.h"

/* The ETag of GET /api/config, which tells whether what an app keeps of it still holds. */
const char *sv_config_etag(const sv_settings_t *settings, sv_arena_t *arena);

#endif
