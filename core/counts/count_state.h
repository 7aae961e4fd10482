#ifndef SV_COUNT_STATE_H
#define SV_COUNT_STATE_H

#include <bson/bson.h>
#include <stdbool.h>

/* The states of counts: one table (count_states.def), and what is asked of it.  A status that is none admits nothing
 * and is not over; NULL is allowed. */
bool sv_count_state_admits_claims(const char *status);

/* Whether a count of this status takes records of its floor sessions, and decisions of supervisors. */
bool sv_count_takes_records(const char *status);

/* Whether nothing of it will change any more: it was approved or closed. */
bool sv_count_is_over(const char *status);

/* Appends {field: {$in: the states of counts that are not over}}. */
void sv_count_filter_live(bson_t *filter, const char *field);

/* All of them in their order, NULL after the last: what a list may be asked for. */
extern const char *const sv_count_state_names[];

#endif
