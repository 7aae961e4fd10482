#ifndef SV_GATE_H
#define SV_GATE_H

#include "core/auth/account.h"
#include "core/auth/family.h"
#include "core/auth/token.h"
#include "core/redis/command.h"

/*
 * Whether the owner of a verified token may go on, in one round trip to Redis: the account is enabled, the token is of
 * its generation, the login was not ended, and the rate (when counted) is within its limit.
 *
 *     nothing counted:
 *     sv_gate_look_command(&command, arena, &claims);                -> run it
 *     sv_gate_look(reply, &claims, arena, &result);                  -> true: that was all
 *     else, and where all is not well, the script that can say what is wrong (lua/gate.lua):
 *     sv_gate_command(&command, arena, &claims, rate_key, limit);    -> run it
 *     sv_gate_read(reply, arena, &result);
 *     SV_GATE_UNKNOWN, or no reply: sv_gate_ask() on a thread, then sv_gate_admit() decides from MongoDB, and
 *         sv_gate_keep_command() keeps what MongoDB said in Redis, when Redis had said since when it knows nothing.
 *     else sv_gate_refuse() turns what did not pass into an error.
 */
typedef enum {
    SV_GATE_PASSED = 0,
    SV_GATE_UNKNOWN, /* Redis does not know the account's state: ask MongoDB */
    SV_GATE_DISABLED,
    SV_GATE_REVOKED,
    SV_GATE_LIMITED
} sv_gate_outcome_t;

typedef struct {
    sv_gate_outcome_t outcome;
    sv_role_t role; /* these four when passed; texts in the arena */
    const char *username;
    const char *full_name;
    const char *warehouse; /* may be empty */
    int wait_s;            /* when limited */
    const char *since;     /* when unknown: goes back to Redis with what MongoDB says; NULL: Redis did not answer */
} sv_gate_result_t;

/* What MongoDB knows of the owner of a token. */
typedef struct {
    sv_account_t account;
    sv_families_t ended; /* of which an access token may still live */
} sv_gate_facts_t;

/* The good case without a script: reading costs Redis a tenth of it. */
void sv_gate_look_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_token_claims_t *claims);
/* True: passed.  False: the script is to say, or, without a reply, the outcome is SV_GATE_UNKNOWN. */
bool sv_gate_look(const redisReply *reply, const sv_token_claims_t *claims, sv_arena_t *arena, sv_gate_result_t *result);
/* Whether all is well by what Redis has of an account (NULL: nothing) and a token's generation. */
bool sv_gate_is_good(const char *enabled, const char *generation, const char *ended, int64_t token_generation);

/* `rate_key` NULL: nothing is counted.  A key counts the calls of a minute that begins with the first one, by Redis'
 * clock; `limit` is how many pass.  "rate:sync:" + user_id is the key of the sync limit. */
void sv_gate_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_token_claims_t *claims,
                     const char *rate_key, int64_t limit);

/* NULL and error replies read as SV_GATE_UNKNOWN. */
void sv_gate_read(const redisReply *reply, sv_arena_t *arena, sv_gate_result_t *result);

/* On any thread that owns `store`; texts in the arena.  SV_ERR_NOT_FOUND when there is no such account. */
sv_status_t sv_gate_ask(sv_store_t *store, const sv_token_claims_t *claims, sv_arena_t *arena, sv_gate_facts_t *facts,
                        sv_error_t *error);

/* The same decision from what MongoDB knows; without the rate.  result->since stays. */
void sv_gate_admit(const sv_gate_facts_t *facts, const sv_token_claims_t *claims, sv_gate_result_t *result);

/* SV_ERR_ACCOUNT_DISABLED, SV_ERR_TOKEN_REVOKED or SV_ERR_RATE_LIMITED (with retry_after_s); SV_OK when passed. */
sv_status_t sv_gate_refuse(const sv_gate_result_t *result, sv_error_t *error);

/* Keeps the account's state in Redis for AUTH_CACHE_TTL, with the marks of the ended logins in the same script: at no
 * moment does Redis know the account and not the logins that were ended.  Redis refuses when a newer version stands
 * there, and when it was emptied since `since`: what was told to it in between (the end of a login) would be lost. */
void sv_gate_keep_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                          const sv_gate_facts_t *facts, const char *since);

/* Tells Redis of a changed account: the state it keeps is replaced, unless by an older one.  Where it keeps none it
 * only remembers the version, because the ended logins are not at hand: the next request brings both from MongoDB. */
void sv_gate_store_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_account_t *account, int64_t ttl_s);

/* Marks logins of a user as ended, where Redis keeps the account's state. */
void sv_gate_end_families_command(sv_redis_command_t *command, sv_arena_t *arena, const char *user_id,
                                  const char *const *family_ids, size_t count);

#endif
