#ifndef SV_HEALTH_H
#define SV_HEALTH_H

#include "ngx_stockverify_module/request.h"

struct sv_process_s;

/* What GET /api/health found out last, and who waits for the check under way (api/health.c). */
typedef struct sv_health_s  sv_health_t;

typedef enum { SV_CHECK_DOWN, SV_CHECK_UP, SV_CHECK_REFUSES_WRITES } sv_check_state_t;

typedef struct {
    sv_check_state_t  state;
    char              reason[32];   /* the word Redis refused with */
    uint64_t          us;
} sv_health_check_t;

sv_health_t *sv_health_create(void);                 /* NULL when out of memory */
void         sv_health_destroy(sv_health_t *health); /* NULL is allowed */

/* Goes on in `next` when it is known how the servers are, by a check that is at most a second old. */
void sv_health_look(sv_request_t *req, sv_next_pt next);

/* After that. */
const sv_health_check_t *sv_health_redis(const sv_health_t *health);
const sv_health_check_t *sv_health_mongodb(const sv_health_t *health);
const char              *sv_check_name(const sv_health_check_t *check);        /* up, down, refuses_writes */
const char              *sv_health_word(const struct sv_process_s *process);   /* healthy, degraded, unhealthy */

#endif
