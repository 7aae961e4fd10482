#ifndef SV_ADJUSTED_H
#define SV_ADJUSTED_H

#include "core/base/quantity.h"
#include "core/store/store.h"

/*
 * What counts corrected of the books (adjustment_lines of published adjustments; core/adjust writes them).  A line is a
 * difference.  Until the ERP's own quantities tell it, our books add it to them: a line that was sent may be in
 * quantities that were read after that, and in none that were read before.
 */
typedef struct {
    const char *item_code;
    const char *lot; /* "": of the whole item, or of what has no lot */
    sv_quantity_t delta;
    const char *count_id; /* the count it came from */
    int64_t seq;          /* of its adjustment in the warehouse */
    int64_t approved_at_ms;
    int64_t sent_at_ms;   /* 0: the ERP cannot know of it */
    bool withdrawn;       /* it was reversed before it was sent: the ERP will never know of it */
    bool reversed;        /* its adjustment was, by a later one */
    int64_t reverses_seq; /* of the adjustment that it takes back; 0: it takes none back */
    const char **racks;   /* of the count; NULL: its whole warehouse */
    size_t rack_count;
} sv_adjusted_t;

typedef void (*sv_adjusted_reader_t)(const sv_adjusted_t *line, void *context);

/* The lines of these items in a warehouse, in no order; those that were superseded when they
 * were approved, and so correct nothing, left out. */
sv_status_t sv_adjusted_read(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count,
                             sv_adjusted_reader_t read, void *context, sv_arena_t *arena, sv_error_t *error);

/* How many adjustments the warehouse has: they are published one after another, so that whoever reads this and then
 * lines finds all of those with a `seq` up to it. */
sv_status_t
sv_adjusted_seq(sv_store_t *store, const char *warehouse, sv_arena_t *arena, int64_t *seq, sv_error_t *error);

/* Whether the ERP's quantity, as it was read at that time, still lacks the line. */
bool sv_adjusted_is_lacking(const sv_adjusted_t *line, int64_t synced_at_ms);

#endif
