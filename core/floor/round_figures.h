#ifndef SV_ROUND_FIGURES_H
#define SV_ROUND_FIGURES_H

#include "core/auth/principal.h"
#include "core/floor/floor.h"

/*
 * What has been counted on a rack in the round under way (docs/data-model.md): that of the floor session the rack
 * carries, as long as its count takes records.  Whoever goes on with the round is told, so that nothing is counted
 * twice.
 */
typedef struct {
    const char *item_code;
    const char *full_name; /* of who counted it; may be NULL */
    bool counts;           /* else it did, and does no more */
    int64_t changed_ms;
    const bson_t *record;
} sv_round_figure_t;

typedef struct {
    const char *count_id; /* NULL: no round is under way */
    int64_t round;
    sv_round_figure_t *figures; /* by item code; of items that have one */
    size_t count;
} sv_round_figures_t;

sv_status_t sv_round_figures_read(sv_store_t *store, const sv_rack_t *rack, sv_arena_t *arena,
                                  sv_round_figures_t *figures, sv_error_t *error);

/* How many of them, from `at` on, are of the item. */
size_t sv_round_figures_of_item(const sv_round_figures_t *figures, size_t at, const char *item_code);

/* Writes `counted_by`: those that count.  `blind`: without quantities that others counted, and without zeros that
 * others declared. */
void sv_round_figures_write(sv_json_writer_t *w, const sv_round_figure_t *figures, size_t count,
                            const sv_principal_t *who, bool blind);

#endif
