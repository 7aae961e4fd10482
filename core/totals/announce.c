#include "core/totals/announce.h"

#include "core/counts/count.h"

void
sv_totals_announce(sv_redis_client_t *redis, const sv_totals_t *done, sv_arena_t *arena)
{
    for (size_t i = 0; redis != NULL && i < done->asked_count; i++) {
        sv_redis_command_t command;
        redisReply *reply = NULL;
        sv_error_t ignored;

        sv_error_init(&ignored, arena);
        sv_count_event_command(&command, arena, "recount.asked", done->asked[i].count_id, done->asked[i].warehouse,
                               NULL);
        if (sv_redis_client_run(redis, &command, &reply, &ignored) == SV_OK) {
            freeReplyObject(reply);
        }
    }
}
