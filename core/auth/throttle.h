#ifndef SV_THROTTLE_H
#define SV_THROTTLE_H

#include "core/redis/command.h"
#include "core/store/store.h"

/*
 * How often logins may be tried.  A try is counted before it is made, so guesses sent at once are counted as well, and
 * a good login takes its count back.  Per account: LOGIN_ATTEMPTS tries, then waits of 1, 2, 4, ... up to 300 s between
 * tries, forgotten after an hour without one.  Per address (an IPv6 /64): LOGIN_ADDRESS_ATTEMPTS a minute.  Names of
 * accounts that do not exist are counted alike.
 *
 * Redis keeps the counts.  When it does not answer, MongoDB does (collection login_attempts), more coarsely: an account
 * has LOGIN_ATTEMPTS tries a minute.
 */
typedef struct {
    const char *username; /* folded; NULL: only the address counts (a PIN beside a device secret) */
    const char *address;  /* sv_throttle_address() */
} sv_login_attempt_t;

/* The key of a client address: IPv4 as it is (also where IPv6 carries it), IPv6 cut to its /64, which one customer has
 * whole. */
const char *sv_throttle_address(const char *address, sv_arena_t *arena);

void sv_throttle_attempt_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                                 const sv_login_attempt_t *attempt);
/* false: Redis did not answer, count in MongoDB.  *wait_s 0: go on. */
bool sv_throttle_attempt_read(const redisReply *reply, int *wait_s);
void sv_throttle_success_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_login_attempt_t *attempt);

/* The same in MongoDB, on any thread that owns `store`. */
sv_status_t sv_throttle_attempt(sv_store_t *store, const sv_login_attempt_t *attempt, int *wait_s, sv_error_t *error);
sv_status_t sv_throttle_success(sv_store_t *store, const sv_login_attempt_t *attempt, sv_error_t *error);

/* Counts a refused login of anybody from anywhere; *refused is how many this minute has had. */
sv_status_t sv_throttle_count_refused(sv_store_t *store, int64_t *refused, sv_error_t *error);

/* SV_ERR_LOGIN_THROTTLED with retry_after_s. */
sv_status_t sv_throttle_refuse(int wait_s, sv_error_t *error);

#endif
