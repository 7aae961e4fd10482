#ifndef SV_LOOKUP_FLIGHTS_H
#define SV_LOOKUP_FLIGHTS_H

#include "core/items/lookup.h"
#include "ngx_stockverify_module/request.h"

/*
 * Lookups that Redis could not answer.  Those of a process that would find the same share one flight: one question to
 * MongoDB, and where that does not know one to the ERP (core/erp/lookup.h), whoever of them goes away meanwhile.  What
 * was found is kept in Redis and given to all.
 */
typedef struct sv_lookup_flights_s  sv_lookup_flights_t;

/* NULL when out of memory. */
sv_lookup_flights_t *sv_lookup_flights_create(struct sv_process_s *process);
void                 sv_lookup_flights_destroy(sv_lookup_flights_t *flights);

/* Goes on in `next` with *found filled, or with call->error set.  `lookup` and `found` lie in the call's arena;
 * found->generation and found->erp are what Redis said before. */
void sv_http_lookup(sv_request_t *req, const sv_lookup_t *lookup, sv_lookup_found_t *found, sv_next_pt next);

#endif
