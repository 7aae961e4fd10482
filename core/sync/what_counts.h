#ifndef SV_SYNC_WHAT_COUNTS_H
#define SV_SYNC_WHAT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What counts.  Of all figures of one item (and lot) on one rack in one count, those of the latest round that has any
 * are the item's count, less those a later live figure replaced or a person decided against.  A zero that was declared
 * ("nothing there") yields to any real figure of its round.  Pure: the records say it all, in any order.
 */

/* Whether a figure counts, and why not; stored with each record under these names. */
typedef enum {
    SV_STANDING_COUNTS,          /* "counts" */
    SV_STANDING_VOID,            /* "void": its owner withdrew it */
    SV_STANDING_REPLACED,        /* "replaced": a live figure says that it replaces this one */
    SV_STANDING_DECIDED_AGAINST, /* "decided_against": a person chose another */
    SV_STANDING_EARLIER_ROUND,   /* "earlier_round": the rack was counted again */
    SV_STANDING_YIELDED,         /* "yielded": a declared zero, and there was something after all */
    SV_STANDING_NAMES
} sv_standing_t;

extern const char *const sv_standing_names[SV_STANDING_NAMES];

/* What a person decided about a figure. */
typedef enum {
    SV_DECISION_NONE,    /* stored as null */
    SV_DECISION_FOR,     /* "for": a supervisor chose it; only a decision or a later round ends that */
    SV_DECISION_AGAINST, /* "against" */
    SV_DECISION_MERGED,  /* "merged": it adds up with the others, whatever its `partial` says */
    SV_DECISION_NAMES
} sv_decision_t;

extern const char *const sv_decision_names[SV_DECISION_NAMES]; /* of NONE: NULL */

/* A figure, as far as it is decided by what counts. */
typedef struct {
    const char *client_record_id;
    int64_t round;
    bool is_void;
    bool partial;
    bool declared_empty;
    sv_decision_t decision;
    bool decided_above;      /* by a supervisor, for somebody else */
    const char *decided_for; /* AGAINST: the figure that was chosen */
    const char *replaced_by; /* the last figure that said so; NULL: none */
    sv_standing_t standing;  /* what sv_contenders_decide() found */
} sv_contender_t;

/* Decides the standing of every figure of one item. */
void sv_contenders_decide(sv_contender_t *const *figures, size_t count);

/* Whether a figure adds up with others instead of being the whole. */
bool sv_contender_adds_up(const sv_contender_t *figure);

/* Whether `other` would make room for `figure`, which replaces those named. */
bool sv_contender_makes_room(const sv_contender_t *other, const sv_contender_t *figure, const char *const *replaces,
                             size_t replaces_count);

/* A figure of the round that somebody may ask about: not withdrawn, not given up. */
bool sv_contender_is_live(const sv_contender_t *figure);

/* The first figure of the same round that must be asked about before `figure` may stand beside it: one of the two is a
 * whole, and neither makes room.  NULL: none.  The standings are decided. */
sv_contender_t *sv_contenders_in_the_way(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure,
                                         const char *const *replaces, size_t replaces_count);

/* Whether a later round than the figure's has one, so that it will not count. */
bool sv_contender_is_overtaken(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure);

#endif
