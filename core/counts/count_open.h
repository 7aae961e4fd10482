#ifndef SV_COUNT_OPEN_H
#define SV_COUNT_OPEN_H

#include "core/auth/principal.h"
#include "core/counts/count.h"
#include "core/review/line_state.h"

enum { SV_COUNT_MAX_RACKS = 1000 };

typedef struct {
    const char *warehouse;
    const char *floor;  /* NULL: every floor */
    const char **racks; /* NULL: every rack */
    size_t rack_count;
    bool blind;
    bool strict;
    const char *name; /* may be NULL */
    sv_tolerance_t tolerance;
} sv_count_opening_t;

/* Opens a count in one transaction; its book is frozen by a worker (book_state pending).  Errors:
 * SV_ERR_VALIDATION_FAILED naming the field: blind with strict, an unknown warehouse or floor, racks that are not
 * there. */
sv_status_t sv_count_open(sv_store_t *store, const sv_principal_t *who, const sv_count_opening_t *opening,
                          sv_arena_t *arena, sv_count_t *count, sv_error_t *error);

#endif
