#ifndef SV_EVENT_TICKET_H
#define SV_EVENT_TICKET_H

#include "core/auth/token.h"
#include "core/redis/command.h"

/*
 * What opens one stream of events, once, without a token in the URL.  Redis keeps it under its digest, so that who
 * reads Redis has no ticket; taking it ends it.
 */
enum { SV_EVENT_TICKET_SIZE = 44, SV_EVENT_TOPICS_MAX = 8192 };

typedef struct {
    sv_token_claims_t claims; /* of the token that asked for it: the stream ends when that would */
    const char *topics;       /* as in the query: separated by commas */
} sv_event_ticket_t;

/* 256 random bits. */
void sv_event_ticket_make(char text[SV_EVENT_TICKET_SIZE]);

void sv_event_ticket_keep_command(sv_redis_command_t *command, sv_arena_t *arena, const char *text,
                                  const sv_event_ticket_t *ticket, int64_t ttl_s);

/* `text` is anything that a client sent. */
void sv_event_ticket_take_command(sv_redis_command_t *command, sv_arena_t *arena, const char *text);
/* false: there is none (any more). */
bool sv_event_ticket_read(const redisReply *reply, sv_arena_t *arena, sv_event_ticket_t *ticket);

#endif
