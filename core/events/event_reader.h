#ifndef SV_EVENT_READER_H
#define SV_EVENT_READER_H

#include "core/auth/principal.h"
#include "core/events/event.h"

/*
 * Who hears which event: what a reader asked for, and what its role may hear.  Supervisors hear everything; staff hear
 * racks and floors of their warehouse, sessions and jobs that are theirs, notifications of their warehouse or of none;
 * activity is supervisors'.  No I/O.
 */
enum { SV_READER_TOPICS_MAX = 16, SV_READER_TOPIC_LENGTH_MAX = 400 };

typedef struct {
    const char *topics[SV_READER_TOPICS_MAX]; /* a topic, or one that ends in "*": all that begin so */
    size_t count;
} sv_event_wish_t;

/* Reads "rack:updates:*,floor": names of the table of topics, separated by commas.  Texts in the arena.
 * `wrong` (SV_ERR_PARAMETER_INVALID, SV_ERR_VALIDATION_FAILED) with the field `topics` for an unknown, empty or
 * overlong one, and for more than SV_READER_TOPICS_MAX; SV_ERR_FORBIDDEN for one that the role never hears. */
sv_status_t sv_event_wish_read(const char *text, sv_role_t role, sv_status_t wrong, sv_arena_t *arena,
                               sv_event_wish_t *wish, sv_error_t *error);

/* Whether this reader hears the event: some topic of it was asked for and may be heard. */
bool sv_event_is_heard(const sv_event_t *event, const sv_event_wish_t *wish, const sv_principal_t *reader);

#endif
