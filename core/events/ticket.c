#include "core/events/ticket.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/base/json_reader.h"
#include "core/base/json_writer.h"

enum { SV_TICKET_BYTES = 32, SV_TICKET_ID_MAX = 256 };

static const char sv_ticket_prefix[] = "events:ticket:";

void
sv_event_ticket_make(char text[SV_EVENT_TICKET_SIZE])
{
    uint8_t bytes[SV_TICKET_BYTES];

    _Static_assert((SV_TICKET_BYTES * 4 + 2) / 3 + 1 == SV_EVENT_TICKET_SIZE, "the text of so many bytes");
    sv_random_bytes(bytes, sizeof(bytes));
    sv_base64url_encode(bytes, sizeof(bytes), text);
}

static void
sv_ticket_key(sv_redis_command_t *command, sv_arena_t *arena, const char *text)
{
    char digest[SV_SHA256_HEX_SIZE];

    sv_sha256_hex(text, strlen(text), digest);
    sv_redis_arg_key(command, sv_ticket_prefix, sv_arena_strdup(arena, digest));
}

void
sv_event_ticket_keep_command(sv_redis_command_t *command, sv_arena_t *arena, const char *text,
                             const sv_event_ticket_t *ticket, int64_t ttl_s)
{
    const sv_token_claims_t *claims = &ticket->claims;
    sv_buffer_t value;
    sv_json_writer_t w;

    sv_buffer_init(&value, arena, 512);
    sv_json_writer_init(&w, &value);
    sv_json_object(&w, NULL);
    sv_json_text(&w, "user", claims->user_id);
    sv_json_text(&w, "family", claims->family_id);
    sv_json_int(&w, "generation", claims->generation);
    sv_json_int(&w, "expires", claims->expires_at_s);
    sv_json_text(&w, "topics", ticket->topics);
    sv_json_end(&w);
    sv_redis_command(command, arena, "SET");
    sv_ticket_key(command, arena, text);
    sv_redis_arg_n(command, value.data, value.length);
    sv_redis_arg(command, "EX");
    sv_redis_arg_int(command, ttl_s);
}

void
sv_event_ticket_take_command(sv_redis_command_t *command, sv_arena_t *arena, const char *text)
{
    sv_redis_command(command, arena, "GETDEL");
    sv_ticket_key(command, arena, text);
}

bool
sv_event_ticket_read(const redisReply *reply, sv_arena_t *arena, sv_event_ticket_t *ticket)
{
    sv_error_t error;
    sv_json_fields_t fields = { .path = "", .error = &error };

    memset(ticket, 0, sizeof(*ticket));
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        return false;
    }
    sv_error_init(&error, arena);
    fields.object = sv_json_parse_object(reply->str, reply->len, arena, &error);
    if (fields.object == NULL) {
        return false;
    }
    sv_json_get_secret(&fields, "user", SV_REQUIRED, 1, SV_TICKET_ID_MAX, &ticket->claims.user_id);
    sv_json_get_secret(&fields, "family", SV_OPTIONAL, 1, SV_TICKET_ID_MAX, &ticket->claims.family_id);
    sv_json_get_int(&fields, "generation", SV_REQUIRED, INT64_MIN, INT64_MAX, &ticket->claims.generation);
    sv_json_get_int(&fields, "expires", SV_REQUIRED, 0, INT64_MAX, &ticket->claims.expires_at_s);
    sv_json_get_secret(&fields, "topics", SV_REQUIRED, 1, SV_EVENT_TOPICS_MAX, &ticket->topics);
    return error.status == SV_OK;
}
