#include "core/sync/announce.h"

#include "core/floor/lease.h"

void
sv_sync_announce_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_fenced_t *session)
{
    sv_redis_command(command, arena, "PUBLISH");
    sv_redis_arg_key(command, "session:updates:", session->session_id);
    sv_redis_arg(command, sv_floor_event_json(arena, "session.synced", &session->facts));
}
