#ifndef SV_RACK_FACTS_H
#define SV_RACK_FACTS_H

#include "core/base/text_map.h"
#include "core/review/line_state.h"
#include "core/store/store.h"

/* How racks stand in a count: their rounds, the recounts asked of them, and whether somebody excluded them. */

/* One round of a rack in the count; several floor sessions may have been of it. */
typedef struct {
    int64_t number;
    bool begun;               /* it has a floor session */
    bool completed;           /* a floor session of it completed the rack */
    bool asked;               /* it is a recount that was asked for: */
    bool pending;             /* which is not done yet */
    const bson_t *item_codes; /* NULL: of everything on the rack */
    const bson_t *recount;    /* its document; NULL unless asked */
} sv_rack_round_fact_t;

typedef struct {
    const char *rack_id;
    bool excluded;
    sv_rack_round_fact_t *rounds; /* by number, once all are read */
    size_t count, capacity;
} sv_rack_facts_t;

typedef struct {
    sv_text_map_t of_id; /* rack_id -> sv_rack_facts_t */
    sv_arena_t *arena;
} sv_racks_facts_t;

/* Reads how these racks of the count (its document) stand; an id may be there several times. */
sv_status_t sv_racks_facts_read(sv_store_t *store, const bson_t *count, const char *const *rack_ids, size_t rack_count,
                                sv_racks_facts_t *racks, sv_arena_t *arena, sv_error_t *error);
/* Of all racks that were claimed or are excluded in it, or of which a recount was asked. */
sv_status_t sv_racks_facts_read_all(sv_store_t *store, const bson_t *count, sv_racks_facts_t *racks, sv_arena_t *arena,
                                    sv_error_t *error);

/* NULL: nothing was read of it. */
sv_rack_facts_t *sv_rack_facts_of(const sv_racks_facts_t *racks, const char *rack_id);

/* What the rack says of one item; `recount_round` is the round of the recount told, 0 where there is none.  Figures are
 * left to the caller.  Pure. */
void sv_rack_facts_of_item(const sv_rack_facts_t *rack, const char *item_code, sv_line_rack_t *line_rack,
                           int64_t *recount_round);
/* The latest round that has a floor session; 0: none. */
int64_t sv_rack_facts_latest(const sv_rack_facts_t *rack);
bool sv_rack_facts_is_completed(const sv_rack_facts_t *rack);
/* The round that a recount asked for now would be. */
int64_t sv_rack_facts_next_round(const sv_rack_facts_t *rack);
/* The recount that waits for somebody to take it; NULL: none. */
const sv_rack_round_fact_t *sv_rack_facts_waiting(const sv_rack_facts_t *rack);

#endif
