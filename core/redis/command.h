#ifndef SV_REDIS_COMMAND_H
#define SV_REDIS_COMMAND_H

#include <hiredis/hiredis.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/redis/scripts.h"

/*
 * A Redis command as data: built by the domain (core/floor/lease.h,
 * core/auth/gate.h, ...), run by whoever has a connection: the module's
 * asynchronous one, or the worker's blocking one.  Arguments live in the
 * arena until the reply has come, because a script Redis has forgotten
 * (NOSCRIPT) is sent again with its source.
 */
typedef struct {
    sv_arena_t *arena;
    sv_script_t script; /* SV_SCRIPT_NONE for a plain command */
    int argc;
    int capacity;
    const char **argv;
    size_t *argv_length;
} sv_redis_command_t;

/* A plain command: sv_redis_command(&c, arena, "PUBLISH"), then its arguments. */
void sv_redis_command(sv_redis_command_t *command, sv_arena_t *arena, const char *name);

/* EVALSHA of a script with its first key_count arguments as KEYS. */
void sv_redis_script(sv_redis_command_t *command, sv_arena_t *arena, sv_script_t script, int key_count);

/* Arguments; texts are not copied unless said. */
void sv_redis_arg(sv_redis_command_t *command, const char *text);
void sv_redis_arg_n(sv_redis_command_t *command, const char *bytes, size_t length);
void sv_redis_arg_int(sv_redis_command_t *command, int64_t value);
/* "prefix" + "id", made in the arena: sv_redis_arg_key(c, "rack:lock:", rack_id). */
void sv_redis_arg_key(sv_redis_command_t *command, const char *prefix, const char *id);
/* "prefix" + "id" + "suffix", likewise. */
void sv_redis_arg_key_of(sv_redis_command_t *command, const char *prefix, const char *id, const char *suffix);

/* The command as Redis' protocol wants it: how many bytes sv_redis_command_write() will need at most, and
 * writing them; gives the length written. */
size_t sv_redis_command_size(const sv_redis_command_t *command);
size_t sv_redis_command_write(const sv_redis_command_t *command, char *to);

/* Turns EVALSHA into EVAL with the source, after a NOSCRIPT reply. */
void sv_redis_command_use_source(sv_redis_command_t *command);
int sv_redis_reply_is_noscript(const redisReply *reply);
/* LOADING, BUSY, READONLY, MASTERDOWN, CLUSTERDOWN: worth another try. */
int sv_redis_reply_is_retryable(const redisReply *reply);
/* READONLY, MASTERDOWN, LOADING: who answers is not the primary, or not yet; another server may be it by now, and the
 * address may lead there. */
int sv_redis_reply_is_of_no_primary(const redisReply *reply);

/* Reading replies: element `i` of an array as text (NULL when absent or nil) or integer (0). */
const char *sv_redis_element_text(const redisReply *reply, size_t i);
int64_t sv_redis_element_int(const redisReply *reply, size_t i);

#endif
