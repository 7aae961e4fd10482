#include "core/erp/lookup.h"

#include <string.h>

static const char sv_found[] = "found ", sv_down[] = "down ";

static const char *const sv_erp_words[] = {
    [SV_ERP_WAITING] = "waiting",   [SV_ERP_FOUND] = "found", [SV_ERP_UNKNOWN] = "none",
    [SV_ERP_TIMED_OUT] = "timeout", [SV_ERP_OFF] = "off",
};

void
sv_erp_ask_command(sv_redis_command_t *command, sv_arena_t *arena, const char *code, int64_t limit_ms)
{
    sv_redis_script(command, arena, SV_SCRIPT_ERP_ASK, 4);
    sv_redis_arg_key(command, "erp:answer:", code);
    sv_redis_arg_key(command, "erp:asked:", code);
    sv_redis_arg(command, SV_ERP_QUESTIONS_KEY);
    sv_redis_arg(command, SV_ERP_STATE_KEY);
    sv_redis_arg(command, code);
    sv_redis_arg_int(command, limit_ms);
    sv_redis_arg_int(command, SV_ERP_MAX_QUESTIONS);
}

sv_erp_answer_t
sv_erp_ask_read(const redisReply *reply, sv_arena_t *arena, const char **item_code)
{
    *item_code = NULL;
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        return SV_ERP_OFF;
    }
    if (strncmp(reply->str, sv_found, sizeof(sv_found) - 1) == 0) {
        *item_code = sv_arena_strdup(arena, reply->str + sizeof(sv_found) - 1);
        return SV_ERP_FOUND;
    }
    for (size_t i = 0; i < sizeof(sv_erp_words) / sizeof(sv_erp_words[0]); i++) {
        if (strcmp(sv_erp_words[i], reply->str) == 0) {
            return (sv_erp_answer_t) i;
        }
    }
    return SV_ERP_OFF;
}

void
sv_erp_answer_command(sv_redis_command_t *command, sv_arena_t *arena, const char *code, sv_erp_answer_t answer,
                      const char *item_code, const char *const *forget, size_t forget_count)
{
    sv_redis_script(command, arena, SV_SCRIPT_ERP_ANSWER, (int) (2 + forget_count));
    sv_redis_arg_key(command, "erp:answer:", code);
    sv_redis_arg_key(command, "erp:asked:", code);
    for (size_t i = 0; i < forget_count; i++) {
        sv_redis_arg_key(command, "item:", forget[i]);
    }
    sv_redis_arg(command,
                 answer == SV_ERP_FOUND ? sv_arena_printf(arena, "%s%s", sv_found, item_code) : sv_erp_words[answer]);
    sv_redis_arg_int(command, SV_ERP_ANSWER_MS);
}

void
sv_erp_state_command(sv_redis_command_t *command, sv_arena_t *arena, const char *cause)
{
    sv_redis_command(command, arena, "SET");
    sv_redis_arg(command, SV_ERP_STATE_KEY);
    sv_redis_arg(command, cause == NULL ? "up" : sv_arena_printf(arena, "%s%s", sv_down, cause));
    sv_redis_arg(command, "PX");
    sv_redis_arg_int(command, SV_ERP_STATE_MS);
}

void
sv_erp_state_ask_command(sv_redis_command_t *command, sv_arena_t *arena)
{
    sv_redis_command(command, arena, "GET");
    sv_redis_arg(command, SV_ERP_STATE_KEY);
}

void
sv_erp_state_read(const redisReply *reply, sv_arena_t *arena, sv_erp_state_t *state)
{
    *state = (sv_erp_state_t){ .on = reply != NULL && reply->type == REDIS_REPLY_STRING };
    if (state->on) {
        state->up = strncmp(reply->str, sv_down, sizeof(sv_down) - 1) != 0;
        state->cause = state->up ? NULL : sv_arena_strdup(arena, reply->str + sizeof(sv_down) - 1);
    }
}

const char *
sv_erp_state_word(const sv_erp_state_t *state)
{
    return !state->on ? "off" : state->up ? "up" : "down";
}
