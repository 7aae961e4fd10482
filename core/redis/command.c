#include "core/redis/command.h"

#include <stdlib.h>
#include <string.h>

enum {
    SV_REDIS_INT_SIZE = 24,
    SV_REDIS_HEAD_SIZE = SV_REDIS_INT_SIZE + 3, /* kind, digits, CR, LF */
    SV_REDIS_FIRST_ARGS = 24,
};

static void
sv_redis_grow(sv_redis_command_t *command, int capacity)
{
    const char **argv = sv_arena_alloc(command->arena, (size_t) capacity * sizeof(*argv));
    size_t *argv_length = sv_arena_alloc(command->arena, (size_t) capacity * sizeof(*argv_length));

    if (command->argc > 0) {
        memcpy(argv, command->argv, (size_t) command->argc * sizeof(*argv));
        memcpy(argv_length, command->argv_length, (size_t) command->argc * sizeof(*argv_length));
    }
    command->argv = argv;
    command->argv_length = argv_length;
    command->capacity = capacity;
}

void
sv_redis_command(sv_redis_command_t *command, sv_arena_t *arena, const char *name)
{
    command->arena = arena;
    command->script = SV_SCRIPT_NONE;
    command->argc = 0;
    sv_redis_grow(command, SV_REDIS_FIRST_ARGS);
    sv_redis_arg(command, name);
}

void
sv_redis_script(sv_redis_command_t *command, sv_arena_t *arena, sv_script_t script, int key_count)
{
    sv_redis_command(command, arena, "EVALSHA");
    command->script = script;
    sv_redis_arg(command, sv_script_sha1(script));
    sv_redis_arg_int(command, key_count);
}

void
sv_redis_arg(sv_redis_command_t *command, const char *text)
{
    sv_redis_arg_n(command, text, strlen(text));
}

void
sv_redis_arg_n(sv_redis_command_t *command, const char *bytes, size_t length)
{
    if (command->argc == command->capacity) {
        sv_redis_grow(command, command->capacity * 2);
    }
    command->argv[command->argc] = bytes;
    command->argv_length[command->argc] = length;
    command->argc++;
}

/* Writes the digits to end before `end`; gives their start. */
static char *
sv_redis_digits(uint64_t value, char *end)
{
    do {
        *--end = (char) ('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

void
sv_redis_arg_int(sv_redis_command_t *command, int64_t value)
{
    char *end = (char *) sv_arena_alloc(command->arena, SV_REDIS_INT_SIZE) + SV_REDIS_INT_SIZE;
    char *digits = sv_redis_digits(value < 0 ? 0 - (uint64_t) value : (uint64_t) value, end);

    if (value < 0) {
        *--digits = '-';
    }
    sv_redis_arg_n(command, digits, (size_t) (end - digits));
}

void
sv_redis_arg_key(sv_redis_command_t *command, const char *prefix, const char *id)
{
    sv_redis_arg_key_of(command, prefix, id, "");
}

void
sv_redis_arg_key_of(sv_redis_command_t *command, const char *prefix, const char *id, const char *suffix)
{
    size_t prefix_length = strlen(prefix), id_length = strlen(id), suffix_length = strlen(suffix);
    char *key = sv_arena_alloc(command->arena, prefix_length + id_length + suffix_length + 1);

    memcpy(key, prefix, prefix_length);
    memcpy(key + prefix_length, id, id_length);
    memcpy(key + prefix_length + id_length, suffix, suffix_length + 1);
    sv_redis_arg_n(command, key, prefix_length + id_length + suffix_length);
}

size_t
sv_redis_command_size(const sv_redis_command_t *command)
{
    size_t size = SV_REDIS_HEAD_SIZE;

    for (int i = 0; i < command->argc; i++) {
        size += SV_REDIS_HEAD_SIZE + command->argv_length[i] + 2;
    }
    return size;
}

/* "$12\r\n" before an argument, "*3\r\n" before all. */
static char *
sv_redis_write_head(char *to, char kind, size_t count)
{
    char text[SV_REDIS_INT_SIZE];
    char *end = text + sizeof(text), *digits = sv_redis_digits(count, end);

    *to++ = kind;
    memcpy(to, digits, (size_t) (end - digits));
    to += end - digits;
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

size_t
sv_redis_command_write(const sv_redis_command_t *command, char *to)
{
    char *at = sv_redis_write_head(to, '*', (size_t) command->argc);

    for (int i = 0; i < command->argc; i++) {
        size_t length = command->argv_length[i];

        at = sv_redis_write_head(at, '$', length);
        memcpy(at, command->argv[i], length);
        at += length;
        *at++ = '\r';
        *at++ = '\n';
    }
    return (size_t) (at - to);
}

void
sv_redis_command_use_source(sv_redis_command_t *command)
{
    if (command->script == SV_SCRIPT_NONE) {
        return;
    }
    command->argv[0] = "EVAL";
    command->argv_length[0] = strlen("EVAL");
    command->argv[1] = sv_script_source(command->script);
    command->argv_length[1] = strlen(command->argv[1]);
}

static int
sv_redis_reply_begins_with(const redisReply *reply, const char *word)
{
    size_t length = strlen(word);

    return reply != NULL && reply->type == REDIS_REPLY_ERROR && (size_t) reply->len >= length &&
           memcmp(reply->str, word, length) == 0;
}

int
sv_redis_reply_is_noscript(const redisReply *reply)
{
    return sv_redis_reply_begins_with(reply, "NOSCRIPT");
}

static int
sv_redis_reply_begins_with_any(const redisReply *reply, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (sv_redis_reply_begins_with(reply, *words)) {
            return 1;
        }
    }
    return 0;
}

int
sv_redis_reply_is_retryable(const redisReply *reply)
{
    static const char *const words[] = { "LOADING ", "BUSY ", "READONLY ", "MASTERDOWN ", "CLUSTERDOWN ", NULL };

    return sv_redis_reply_begins_with_any(reply, words);
}

int
sv_redis_reply_is_of_no_primary(const redisReply *reply)
{
    static const char *const words[] = { "READONLY ", "MASTERDOWN ", "LOADING ", NULL };

    return sv_redis_reply_begins_with_any(reply, words);
}

static const redisReply *
sv_redis_element(const redisReply *reply, size_t i)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || i >= reply->elements) {
        return NULL;
    }
    return reply->element[i];
}

const char *
sv_redis_element_text(const redisReply *reply, size_t i)
{
    const redisReply *element = sv_redis_element(reply, i);

    if (element == NULL || (element->type != REDIS_REPLY_STRING && element->type != REDIS_REPLY_STATUS)) {
        return NULL;
    }
    return element->str;
}

int64_t
sv_redis_element_int(const redisReply *reply, size_t i)
{
    const redisReply *element = sv_redis_element(reply, i);

    if (element == NULL) {
        return 0;
    }
    if (element->type == REDIS_REPLY_INTEGER) {
        return element->integer;
    }
    return element->type == REDIS_REPLY_STRING ? strtoll(element->str, NULL, 10) : 0;
}
