#ifndef SV_API_HELD_RACKS_H
#define SV_API_HELD_RACKS_H

#include "core/floor/floor.h"
#include "ngx_stockverify_module/request.h"

/* The racks a user holds: sessions from MongoDB, what is left of their leases from Redis. */
typedef struct {
    sv_floor_session_t *sessions;
    size_t count;
    int64_t *lock_ttl_s;
} sv_held_racks_t;

/* On a database thread; call->error says why not. */
void sv_held_racks_read(sv_call_t *call, sv_held_racks_t *held);
/* Then, on the event loop, what is left of each lease.  call->state is an sv_held_racks_t or begins with one. */
void sv_http_held_racks_time(sv_request_t *req, sv_next_pt next);
void sv_held_racks_write_json(sv_json_writer_t *w, const char *name, const sv_held_racks_t *held);

#endif
