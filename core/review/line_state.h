#ifndef SV_LINE_STATE_H
#define SV_LINE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/quantity.h"

/*
 * How a line of a count stands for the one who closes it: an item, or a lot of it (docs/review.md has the table).
 * Pure: decided from what counts and from how the racks stand that have something to say of the item.
 */
typedef enum {
    SV_LINE_NOT_COUNTED, /* no figure counts: never equal to zero */
    SV_LINE_INCOMPLETE,  /* a rack that expects it, or has a figure of it, is still open: it has no variance */
    SV_LINE_COUNTED,
    SV_LINE_RECOUNT_ASKED, /* asked for, or under way */
    SV_LINE_NOT_RECOUNTED, /* the recount was completed without a figure of it: the one before still counts */
    SV_LINE_RECOUNTED,
    SV_LINE_ACCEPTED, /* by a person, as it is now */
    SV_LINE_STATES
} sv_line_state_t;

extern const char *const sv_line_states[]; /* "not_counted", ..., NULL */
/* The state of this name; SV_LINE_STATES: there is none. */
sv_line_state_t sv_line_state_named(const char *name);

/* How a rack stands in the count. */
typedef enum {
    SV_LINE_RACK_OPEN,
    SV_LINE_RACK_COMPLETED,
    SV_LINE_RACK_EMPTY,   /* somebody declared that nothing of the item is there */
    SV_LINE_RACK_EXCLUDED /* a supervisor decided that it need not be counted */
} sv_line_rack_standing_t;

typedef enum {
    SV_LINE_RECOUNT_NONE,
    SV_LINE_RECOUNT_PENDING, /* asked for or under way */
    SV_LINE_RECOUNT_DONE
} sv_line_recount_t;

/* A rack that expects the item or has a figure of it. */
typedef struct {
    sv_line_rack_standing_t standing;
    sv_line_recount_t recount; /* the latest that concerns the item */
    bool has_figure;           /* that counts */
    bool has_recounted;        /* of the recount's round, or a later one */
} sv_line_rack_t;

/* The state before anybody accepted it. */
sv_line_state_t sv_line_state_decide(bool counted, const sv_line_rack_t *racks, size_t count);

/* What a line says to a person. */
typedef enum {
    SV_LINE_FLAG_UNKNOWN,
    SV_LINE_FLAG_DELISTED,
    SV_LINE_FLAG_LOT,
    SV_LINE_FLAG_MOVED,
    SV_LINE_FLAG_MIXED,
    SV_LINE_FLAG_SERIAL_SWAPPED,
    SV_LINE_FLAG_SERIAL_DUPLICATE,
    SV_LINE_FLAG_SERIAL_MISPLACED,
    SV_LINE_FLAG_SUPERSEDED, /* counted before another count corrected the books: it posts nothing */
    SV_LINE_FLAG_EXCLUDED,   /* an excluded rack expects it or has a figure of it */
    SV_LINE_FLAGS
} sv_line_flag_t;

const char *sv_line_flag_name(sv_line_flag_t flag);

#define SV_LINE_FLAG_BIT(flag) (1u << (flag))

/* Whether any of these flags wants a person to accept the line. */
bool sv_line_flags_ask(unsigned flags);

typedef struct {
    sv_line_state_t state;
    unsigned flags;
    bool has_variance;
    sv_quantity_t variance;
    bool has_conflict; /* one of the item waits for a person */
    bool rejected;     /* it is no item's code, and somebody said that it is none: it posts nothing */
} sv_line_facts_t;

/* Whether the line bars the count's approval. */
bool sv_line_is_undecided(const sv_line_facts_t *facts);
/* Whether a person may accept it as it is: it is counted in full, and no recount is pending. */
bool sv_line_may_be_accepted(const sv_line_facts_t *facts);

/* What a count allows a line to differ before it is counted again by itself; each limit that is set holds. */
typedef struct {
    bool has_percent, has_quantity, has_value;
    sv_quantity_t percent, quantity, value;
    bool different_user; /* somebody else counts it */
} sv_tolerance_t;

typedef struct {
    sv_quantity_t variance, book, unit_cost;
} sv_tolerance_line_t;

bool sv_tolerance_is_exceeded(const sv_tolerance_t *tolerance, const sv_tolerance_line_t *line);

#endif
