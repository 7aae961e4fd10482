#include "core/auth/throttle.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/store/document.h"

enum {
    SV_LOGIN_MAX_WAIT_S = 300,
    SV_LOGIN_FORGET_S = 3600,
    SV_WINDOW_S = 60,
    SV_IPV6_SITE_BYTES = 8,
    SV_IPV4_OFFSET = 12
};

static const char sv_account_prefix[] = "login:fail:";
static const char sv_address_prefix[] = "login:address:";

const char *
sv_throttle_address(const char *address, sv_arena_t *arena)
{
    struct in6_addr site;
    char text[INET6_ADDRSTRLEN];

    if (address == NULL || inet_pton(AF_INET6, address, &site) != 1) {
        return address == NULL ? "unknown" : address;
    }
    if (IN6_IS_ADDR_V4MAPPED(&site)) { /* one socket for both: the /64 of these is everybody's */
        return inet_ntop(AF_INET, site.s6_addr + SV_IPV4_OFFSET, text, sizeof(text)) == NULL
                   ? address
                   : sv_arena_strdup(arena, text);
    }
    memset(site.s6_addr + SV_IPV6_SITE_BYTES, 0, sizeof(site.s6_addr) - SV_IPV6_SITE_BYTES);
    return inet_ntop(AF_INET6, &site, text, sizeof(text)) == NULL ? address : sv_arena_printf(arena, "%s/64", text);
}

static void
sv_throttle_keys(sv_redis_command_t *command, const sv_login_attempt_t *attempt)
{
    sv_redis_arg_key(command, sv_address_prefix, attempt->address);
    if (attempt->username != NULL) {
        sv_redis_arg_key(command, sv_account_prefix, attempt->username);
    }
}

void
sv_throttle_attempt_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                            const sv_login_attempt_t *attempt)
{
    sv_redis_script(command, arena, SV_SCRIPT_LOGIN_ATTEMPT, attempt->username == NULL ? 1 : 2);
    sv_throttle_keys(command, attempt);
    sv_redis_arg_int(command, settings->login_address_attempts);
    sv_redis_arg_int(command, settings->login_attempts);
    sv_redis_arg_int(command, SV_LOGIN_MAX_WAIT_S);
    sv_redis_arg_int(command, SV_LOGIN_FORGET_S);
}

bool
sv_throttle_attempt_read(const redisReply *reply, int *wait_s)
{
    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        return false;
    }
    *wait_s = (int) reply->integer;
    return true;
}

void
sv_throttle_success_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_login_attempt_t *attempt)
{
    sv_redis_script(command, arena, SV_SCRIPT_LOGIN_SUCCESS, attempt->username == NULL ? 1 : 2);
    sv_throttle_keys(command, attempt);
}

sv_status_t
sv_throttle_refuse(int wait_s, sv_error_t *error)
{
    error->retry_after_s = wait_s;
    return sv_fail(error, SV_ERR_LOGIN_THROTTLED, "Too many attempts; try again in %d s", wait_s);
}

/* The key of a counter of this minute.  The host's clock only names it: hosts that disagree count in two windows at
 * worst. */
static const char *
sv_throttle_counter(const char *prefix, const char *id, int64_t now_s, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s%s:%lld", prefix, id, (long long) (now_s / SV_WINDOW_S));
}

/* Adds to a counter and gives its new value. */
static sv_status_t
sv_throttle_count(sv_store_t *store, const char *key, int64_t by, int64_t *count, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena);
    const bson_t *document;
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "_id", key);
    BCON_APPEND(update, "$inc", "{", "tries", BCON_INT64(by), "}", "$currentDate", "{", "at", BCON_BOOL(true), "}");
    status = sv_store_find_and_update(store, SV_COLLECTION_LOGIN_ATTEMPTS, filter, update, true, true, error->arena,
                                      &document, error);
    if (status == SV_ERR_ALREADY_EXISTS) {
        /* Another's first try came between looking and making: now it is there. */
        sv_error_clear(error);
        status = sv_store_find_and_update(store, SV_COLLECTION_LOGIN_ATTEMPTS, filter, update, true, true, error->arena,
                                          &document, error);
    }
    *count = status == SV_OK && document != NULL ? sv_doc_int(document, "tries") : 0;
    return status;
}

/* Counts a try under one key; *wait_s is set when it is one too many of this minute. */
static sv_status_t
sv_throttle_try(sv_store_t *store, const char *prefix, const char *id, int64_t limit, int *wait_s, sv_error_t *error)
{
    int64_t now_s = sv_clock_now_ms() / 1000, tries;
    const char *key = sv_throttle_counter(prefix, id, now_s, error->arena);

    if (sv_throttle_count(store, key, 1, &tries, error) == SV_OK && tries > limit) {
        *wait_s = SV_WINDOW_S - (int) (now_s % SV_WINDOW_S);
    }
    return error->status;
}

sv_status_t
sv_throttle_attempt(sv_store_t *store, const sv_login_attempt_t *attempt, int *wait_s, sv_error_t *error)
{
    const sv_settings_t *settings = store->settings;

    *wait_s = 0;
    sv_throttle_try(store, sv_address_prefix, attempt->address, settings->login_address_attempts, wait_s, error);
    if (error->status == SV_OK && *wait_s == 0 && attempt->username != NULL) {
        sv_throttle_try(store, sv_account_prefix, attempt->username, settings->login_attempts, wait_s, error);
    }
    return error->status;
}

sv_status_t
sv_throttle_success(sv_store_t *store, const sv_login_attempt_t *attempt, sv_error_t *error)
{
    int64_t now_s = sv_clock_now_ms() / 1000, tries;

    sv_throttle_count(store, sv_throttle_counter(sv_address_prefix, attempt->address, now_s, error->arena), -1, &tries,
                      error);
    if (error->status == SV_OK && attempt->username != NULL) {
        sv_throttle_count(store, sv_throttle_counter(sv_account_prefix, attempt->username, now_s, error->arena), -1,
                          &tries, error);
    }
    return error->status;
}

sv_status_t
sv_throttle_count_refused(sv_store_t *store, int64_t *refused, sv_error_t *error)
{
    const char *key = sv_throttle_counter("login:refused", "", sv_clock_now_ms() / 1000, error->arena);

    return sv_throttle_count(store, key, 1, refused, error);
}
