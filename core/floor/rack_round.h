#ifndef SV_RACK_ROUND_H
#define SV_RACK_ROUND_H

#include "core/floor/floor.h"

/* A round is one whole counting of a rack in a count: a claim goes on with it until it is completed, and the next one
 * is opened by asking for a recount. */
typedef struct {
    int64_t number;
    bool is_first;         /* the rack's first floor session in the count */
    bool is_recount;       /* it opens another round */
    const bson_t *recount; /* the recount that was asked for and that this is; NULL: none was */
} sv_rack_round_t;

/* The round of a floor session that is to be opened by the user; inside the claim's transaction.
 * SV_ERR_RACK_COMPLETED: it takes `recount`; SV_ERR_RECOUNT_OTHER_USER: the recount asked for is not for this user. */
sv_status_t sv_rack_round_next(sv_store_t *store, const sv_rack_t *rack, const char *count_id, const char *user_id,
                               bool recount, sv_arena_t *arena, sv_rack_round_t *round, sv_error_t *error);

#endif
