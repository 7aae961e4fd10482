#ifndef SV_COUNTING_H
#define SV_COUNTING_H

#include <bson/bson.h>

/* Adds to a filter of records that their figures count (core/sync/what_counts.h decides which do). */
void sv_counting_filter(bson_t *filter);
/* The same as one condition {$nor: [...]}, for a filter that has an "$and" already. */
void sv_counting_condition(bson_t *condition);
/* The same of a record that was read, with `counts`, `status` and `superseded`. */
bool sv_counting_does(const bson_t *record);

#endif
