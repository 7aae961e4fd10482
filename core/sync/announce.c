#include "core/sync/announce.h"

#include "core/events/event.h"
#include "core/floor/lease.h"

void
sv_sync_announce_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_fenced_t *session)
{
    const sv_event_t event = {
        .topics = sv_arena_printf(arena, SV_TOPIC_SESSION "%s\n" SV_TOPIC_ACTIVITY, session->session_id),
        .warehouse = session->facts.warehouse,
        .user_id = session->facts.user_id,
        .message = sv_floor_event_json(arena, "session.synced", &session->facts),
    };

    sv_event_command(command, arena, &event);
}
