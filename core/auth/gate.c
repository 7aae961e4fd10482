#include "core/auth/gate.h"

#include <stdlib.h>
#include <string.h>

/* Must be the numbers of lua/gate.lua. */
_Static_assert(SV_GATE_PASSED == 0 && SV_GATE_UNKNOWN == 1 && SV_GATE_DISABLED == 2 && SV_GATE_REVOKED == 3 &&
                   SV_GATE_LIMITED == 4,
               "gate.lua answers with these numbers");

static const char sv_account_prefix[] = "auth:user:";

enum {
    SV_LOOK_ENABLED,
    SV_LOOK_GENERATION,
    SV_LOOK_ENDED,
    SV_LOOK_LOGINS,
    SV_LOOK_ROLE,
    SV_LOOK_USERNAME,
    SV_LOOK_FULL_NAME,
    SV_LOOK_WAREHOUSE
};

void
sv_gate_look_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_token_claims_t *claims)
{
    static const char *const more[] = { "logins", "role", "username", "full_name", "warehouse" };

    sv_redis_command(command, arena, "HMGET");
    sv_redis_arg_key(command, sv_account_prefix, claims->user_id);
    sv_redis_arg(command, "enabled");
    sv_redis_arg(command, "generation");
    sv_redis_arg_key(command, "ended:", claims->family_id == NULL ? "" : claims->family_id);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        sv_redis_arg(command, more[i]);
    }
}

bool
sv_gate_is_good(const char *enabled, const char *generation, const char *ended, int64_t token_generation)
{
    return enabled != NULL && generation != NULL && strcmp(enabled, "1") == 0 &&
           strtoll(generation, NULL, 10) == token_generation && ended == NULL;
}

void
sv_gate_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_token_claims_t *claims, const char *rate_key,
                int64_t limit)
{
    sv_redis_script(command, arena, SV_SCRIPT_GATE, rate_key == NULL ? 1 : 2);
    sv_redis_arg_key(command, sv_account_prefix, claims->user_id);
    if (rate_key != NULL) {
        sv_redis_arg(command, rate_key);
    }
    sv_redis_arg_int(command, claims->generation);
    sv_redis_arg(command, claims->family_id == NULL ? "" : claims->family_id);
    sv_redis_arg_int(command, limit);
}

static const char *
sv_gate_text(const redisReply *reply, size_t i, sv_arena_t *arena)
{
    const char *text = sv_redis_element_text(reply, i);

    return sv_arena_strdup(arena, text == NULL ? "" : text);
}

bool
sv_gate_look(const redisReply *reply, const sv_token_claims_t *claims, sv_arena_t *arena, sv_gate_result_t *result)
{
    const char *role = sv_redis_element_text(reply, SV_LOOK_ROLE);

    *result = (sv_gate_result_t){ .outcome = SV_GATE_UNKNOWN };
    /* `logins`: see gate.lua. */
    if (!sv_gate_is_good(sv_redis_element_text(reply, SV_LOOK_ENABLED),
                         sv_redis_element_text(reply, SV_LOOK_GENERATION), sv_redis_element_text(reply, SV_LOOK_ENDED),
                         claims->generation) ||
        sv_redis_element_text(reply, SV_LOOK_LOGINS) == NULL || role == NULL || !sv_role_parse(role, &result->role)) {
        return false;
    }
    result->outcome = SV_GATE_PASSED;
    result->username = sv_gate_text(reply, SV_LOOK_USERNAME, arena);
    result->full_name = sv_gate_text(reply, SV_LOOK_FULL_NAME, arena);
    result->warehouse = sv_gate_text(reply, SV_LOOK_WAREHOUSE, arena);
    return true;
}

void
sv_gate_read(const redisReply *reply, sv_arena_t *arena, sv_gate_result_t *result)
{
    const char *role;
    int64_t outcome;

    *result = (sv_gate_result_t){ .outcome = SV_GATE_UNKNOWN };
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        return;
    }
    outcome = sv_redis_element_int(reply, 0);
    if (outcome == SV_GATE_PASSED) {
        role = sv_redis_element_text(reply, 1);
        if (role == NULL || !sv_role_parse(role, &result->role)) {
            return;
        }
        result->username = sv_gate_text(reply, 2, arena);
        result->full_name = sv_gate_text(reply, 3, arena);
        result->warehouse = sv_gate_text(reply, 4, arena);
    } else if (outcome == SV_GATE_LIMITED) {
        result->wait_s = (int) sv_redis_element_int(reply, 1);
    } else if (outcome == SV_GATE_UNKNOWN) {
        const char *since = sv_redis_element_text(reply, 1);

        result->since = since == NULL ? NULL : sv_arena_strdup(arena, since);
    } else if (outcome != SV_GATE_DISABLED && outcome != SV_GATE_REVOKED) {
        return;
    }
    result->outcome = (sv_gate_outcome_t) outcome;
}

sv_status_t
sv_gate_ask(sv_store_t *store, const sv_token_claims_t *claims, sv_arena_t *arena, sv_gate_facts_t *facts,
            sv_error_t *error)
{
    if (sv_account_load(store, claims->user_id, arena, &facts->account, error) != SV_OK) {
        return error->status;
    }
    return sv_families_ended(store, claims->user_id, arena, &facts->ended, error);
}

static bool
sv_gate_is_ended(const sv_families_t *ended, const char *family_id)
{
    for (size_t i = 0; family_id != NULL && i < ended->count; i++) {
        if (strcmp(ended->ids[i], family_id) == 0) {
            return true;
        }
    }
    return false;
}

void
sv_gate_admit(const sv_gate_facts_t *facts, const sv_token_claims_t *claims, sv_gate_result_t *result)
{
    const sv_account_t *account = &facts->account;

    *result = (sv_gate_result_t){
        .outcome = SV_GATE_PASSED,
        .role = account->role,
        .username = account->username,
        .full_name = account->full_name,
        .warehouse = account->warehouse,
        .since = result->since,
    };
    if (!account->enabled) {
        result->outcome = SV_GATE_DISABLED;
    } else if (claims->generation != account->generation || sv_gate_is_ended(&facts->ended, claims->family_id)) {
        result->outcome = SV_GATE_REVOKED;
    }
}

sv_status_t
sv_gate_refuse(const sv_gate_result_t *result, sv_error_t *error)
{
    switch (result->outcome) {
    case SV_GATE_PASSED:
        return SV_OK;
    case SV_GATE_DISABLED:
        return sv_fail(error, SV_ERR_ACCOUNT_DISABLED, NULL);
    case SV_GATE_LIMITED:
        error->retry_after_s = result->wait_s;
        return sv_fail(error, SV_ERR_RATE_LIMITED, NULL);
    case SV_GATE_REVOKED:
    case SV_GATE_UNKNOWN: /* MongoDB did not know it either: the account was removed */
        break;
    }
    return sv_fail(error, SV_ERR_TOKEN_REVOKED, NULL);
}

/* Family ids (UUIDs) as one argument, because their number has no bound and that of arguments has. */
static const char *
sv_gate_join(const char *const *family_ids, size_t count, sv_arena_t *arena)
{
    size_t size = 1;
    char *text, *at;

    for (size_t i = 0; i < count; i++) {
        size += strlen(family_ids[i]) + 1;
    }
    text = at = sv_arena_alloc(arena, size);
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, family_ids[i]);
        *at++ = ' ';
    }
    *at = '\0';
    return text;
}

static void
sv_gate_state_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_account_t *account, int64_t ttl_s)
{
    sv_redis_script(command, arena, SV_SCRIPT_AUTH_STATE_STORE, 1);
    sv_redis_arg_key(command, sv_account_prefix, account->user_id);
    sv_redis_arg_int(command, account->version);
    sv_redis_arg_int(command, ttl_s);
    sv_redis_arg(command, account->enabled ? "1" : "0");
    sv_redis_arg_int(command, account->generation);
    sv_redis_arg(command, sv_role_name(account->role));
    sv_redis_arg(command, account->username);
    sv_redis_arg(command, account->full_name == NULL ? "" : account->full_name);
    sv_redis_arg(command, account->warehouse == NULL ? "" : account->warehouse);
}

void
sv_gate_keep_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                     const sv_gate_facts_t *facts, const char *since)
{
    sv_gate_state_command(command, arena, &facts->account, settings->auth_cache_ttl);
    sv_redis_arg(command, since);
    sv_redis_arg(command, sv_gate_join(facts->ended.ids, facts->ended.count, arena));
}

void
sv_gate_store_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_account_t *account, int64_t ttl_s)
{
    sv_gate_state_command(command, arena, account, ttl_s);
}

void
sv_gate_end_families_command(sv_redis_command_t *command, sv_arena_t *arena, const char *user_id,
                             const char *const *family_ids, size_t count)
{
    sv_redis_script(command, arena, SV_SCRIPT_FAMILIES_END, 1);
    sv_redis_arg_key(command, sv_account_prefix, user_id);
    sv_redis_arg(command, sv_gate_join(family_ids, count, arena));
}
