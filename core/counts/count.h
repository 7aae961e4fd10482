#ifndef SV_COUNT_H
#define SV_COUNT_H

#include "core/counts/count_state.h"
#include "core/floor/floor.h"
#include "core/redis/command.h"

/* A count: the scope in which things are counted once (docs/data-model.md, sessions). */
typedef struct {
    const char *session_id;
    const char *kind; /* standing, opened */
    const char *warehouse;
    const char *floor;   /* NULL: every floor */
    const bson_t *racks; /* array of ids; NULL: every rack */
    const char *status;  /* count_states.def */
    bool blind;
    bool strict;
    const bson_t *document; /* all of it */
} sv_count_t;

void sv_count_read(const bson_t *document, sv_arena_t *arena, sv_count_t *count);
bool sv_count_is_open(const sv_count_t *count);
bool sv_count_is_standing(const sv_count_t *count);
bool sv_count_covers(const sv_count_t *count, const sv_rack_t *rack);

/* Whether the standing count is OPEN and its period not over at `now_ms` (the server's). */
bool sv_standing_is_current(const sv_count_t *count, int64_t now_ms);

/* SV_ERR_NOT_FOUND when there is none. */
sv_status_t
sv_count_find(sv_store_t *store, const char *count_id, sv_arena_t *arena, sv_count_t *count, sv_error_t *error);

/* The counts of a warehouse that are not over: what a claim chooses from. */
typedef struct {
    sv_count_t *counts;
    size_t count;
    int64_t now_ms; /* the server's when they were read */
} sv_active_counts_t;

sv_status_t sv_counts_read_active(sv_store_t *store, const char *warehouse, sv_arena_t *arena,
                                  sv_active_counts_t *active, sv_error_t *error);

typedef enum {
    SV_CHOICE_ONE,             /* the count a claim would be of */
    SV_CHOICE_RECONCILED,      /* an opened count covers the rack that admits no claims, save recounts asked for */
    SV_CHOICE_AMBIGUOUS,       /* several opened counts cover the rack */
    SV_CHOICE_STANDING_MISSING /* the standing count is still to be made */
} sv_count_choice_t;

/* Which count a claim of the rack that names none would be of: the only OPEN one opened for it; else one opened for it
 * in RECONCILE, which bars it; else the standing count of now.  *count is NULL when it is missing. */
sv_count_choice_t sv_counts_choose(const sv_active_counts_t *active, const sv_rack_t *rack, const sv_count_t **count);

/* The count a claim of this rack belongs to: the one named, else as sv_counts_choose.  *found false (and SV_OK): the
 * standing count is still to be made, with sv_standing_ensure(), outside a transaction.  Errors: SV_ERR_NOT_FOUND,
 * SV_ERR_SESSION_CLOSED, SV_ERR_VALIDATION_FAILED (outside its scope), SV_ERR_COUNT_AMBIGUOUS. */
sv_status_t sv_count_for_rack(sv_store_t *store, const sv_rack_t *rack, const char *count_id, sv_arena_t *arena,
                              sv_count_t *count, bool *found, sv_error_t *error);

/* Whether a blind count of the warehouse (NULL: none) is not over: until then a recount may be asked for, and staff are
 * told no book quantity. */
sv_status_t sv_count_blind_in(sv_store_t *store, const char *warehouse, bool *blind, sv_error_t *error);

/* The same of any warehouse. */
sv_status_t sv_count_blind_anywhere(sv_store_t *store, bool *blind, sv_error_t *error);

/* Whether such a count has the rack in its scope; its id, warehouse and floor are read. */
sv_status_t sv_count_blind_over(sv_store_t *store, const sv_rack_t *rack, bool *blind, sv_error_t *error);

/* An API count; totals are for supervisors. */
void sv_count_write_json(sv_json_writer_t *w, const char *name, const sv_count_t *count, bool with_totals);

/* Tells {type, id, at, warehouse, status} on global:notifications (core/events/event.h). */
void sv_count_event_command(sv_redis_command_t *command, sv_arena_t *arena, const char *type, const char *count_id,
                            const char *warehouse, const char *status);

#endif
