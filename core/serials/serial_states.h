#ifndef SV_SERIAL_STATES_H
#define SV_SERIAL_STATES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"

/*
 * What a count says of serial numbers, beside where they were found before.  Pure: decided from the sights alone.
 */
typedef enum {
    SV_SERIAL_FOUND,     /* in the count, where it was before or for the first time */
    SV_SERIAL_MISPLACED, /* in the count, on another rack than before */
    SV_SERIAL_MISSING,   /* not in the count, and it was there before */
    SV_SERIAL_DUPLICATE, /* met on two racks, or under two items */
    SV_SERIAL_STATES
} sv_serial_state_t;

extern const char *const sv_serial_states[]; /* "found", "misplaced", "missing", "duplicate", NULL */

typedef struct {
    const char *serial_number;
    const char *serial_key; /* whatever the case of its letters */
    const char *item_code;
    const char *rack_id;        /* in the count; NULL: it is not in it */
    const char *before_rack_id; /* NULL: never found before */
    bool contested;             /* a conflict about it waits for a person */
    /* decided: */
    sv_serial_state_t state;
    bool swapped; /* as many of the item are missing as were found for the first time: its variance hides them */
} sv_serial_sight_t;

/* Decides all sights of a count; those of an item need not stand together. */
void sv_serial_states_decide(sv_serial_sight_t *sights, size_t count, sv_arena_t *arena);

#endif
