#ifndef SV_WATCHTOWER_H
#define SV_WATCHTOWER_H

#include "core/base/json_writer.h"
#include "core/store/store.h"

/*
 * A warehouse as who watches over it sees it now, as members of an object that is open: `server_time`, `floors` (racks
 * by state), `racks` with their state and who has them, `people` (each live floor session with its heartbeat's age, its
 * items and their pace).  `warehouse` NULL: all.  Runs on any thread that owns `store`.
 */
sv_status_t sv_watchtower_write(sv_store_t *store, const char *warehouse, sv_json_writer_t *w, sv_arena_t *arena,
                                sv_error_t *error);

#endif
