#ifndef SV_SYNC_ANNOUNCE_H
#define SV_SYNC_ANNOUNCE_H

#include "core/redis/command.h"
#include "core/sync/fence.h"

/* Tells on session:updates:{session} (core/events/event.h) that records of the floor session were stored. */
void sv_sync_announce_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_fenced_t *session);

#endif
