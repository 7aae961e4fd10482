#ifndef SV_REFRESH_USE_H
#define SV_REFRESH_USE_H

#include "core/auth/auth_keys.h"
#include "core/redis/command.h"

/*
 * Whether a refresh token that was granted ever arrived.  The access token that came with it carries the beginning of
 * its hash (`rti`); the first use of that access token leaves refresh:used:{rti} in Redis, and then the token's
 * predecessor is nobody's any more but a thief's.  Until then the predecessor stands for a client that never saw the
 * answer, however long it had no radio (core/auth/refresh.h).
 *
 * A mark is of use while its token is the family's live one, so it goes when that is spent and lives as long as an idle
 * login at most: one mark a login.  A login's first token has no predecessor, and its access token no `rti`.
 */
enum { SV_REFRESH_USE_ID_SIZE = 17 };

typedef enum {
    SV_REFRESH_UNUSED,
    SV_REFRESH_IN_USE,
    SV_REFRESH_USE_UNKNOWN /* Redis did not answer */
} sv_refresh_use_t;

/* The `rti` of a refresh token, from its hash. */
void sv_refresh_use_id(const char *token_hash, char id[SV_REFRESH_USE_ID_SIZE]);

/* SET: an access token with this `rti` came. */
void sv_refresh_use_mark_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                                 const char *use_id);

/* EXISTS: whether the successor of a presented token is in use; NULL and error replies read as unknown. */
void sv_refresh_use_ask_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_auth_keys_t *keys,
                                const char *presented);
sv_refresh_use_t sv_refresh_use_read(const redisReply *reply);

/* DEL: the token was spent, which MongoDB knows. */
void sv_refresh_use_forget_command(sv_redis_command_t *command, sv_arena_t *arena, const char *presented);

#endif
