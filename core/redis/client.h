#ifndef SV_REDIS_CLIENT_H
#define SV_REDIS_CLIENT_H

#include "core/base/error.h"
#include "core/redis/command.h"
#include "core/settings/settings.h"

/* A blocking Redis connection for the worker, the admin command and tests: connects on
 * first use, reconnects after a failure and when the server is a replica or not ready (with
 * backoff, not more often than every 100 ms), AUTH and SELECT by itself.  One thread at a time. */
typedef struct sv_redis_client_s  sv_redis_client_t;

sv_redis_client_t *sv_redis_client_create(const sv_settings_t *settings);
void               sv_redis_client_destroy(sv_redis_client_t *client);

/* Runs a command (NOSCRIPT repaired).  *reply is the caller's to free with
 * freeReplyObject.  SV_ERR_UNAVAILABLE when Redis cannot be reached or says LOADING;
 * SV_ERR_INTERNAL with the cause for any other error reply. */
sv_status_t sv_redis_client_run(sv_redis_client_t *client, sv_redis_command_t *command, redisReply **reply,
                                sv_error_t *error);

#endif
