#ifndef SV_ANALYTICS_GROUPS_H
#define SV_ANALYTICS_GROUPS_H

#include "core/base/text_map.h"
#include "core/floor/stats.h"
#include "core/oversight/accuracy.h"
#include "core/oversight/analytics_query.h"
#include "core/verify/variance_rows.h"
#include "core/verify/variance_sums.h"

/* The inside of analytics, for its own files alone: analytics.c groups, adds up and tells; analytics_sources.c reads.
 */
typedef struct {
    sv_accuracy_t *of; /* by the place of the sum */
    size_t count, capacity;
} sv_analytics_accuracies_t;

typedef struct {
    const char *key;
    const char *warehouse, *of; /* of: the floor, user or day */
    int64_t lines, sessions;
    sv_accuracy_t accuracy; /* hits, of all units */
    sv_variance_sums_t units, currencies;
    sv_analytics_accuracies_t of_units, of_currencies;
    sv_session_stats_t speed; /* items and seconds, added up */
} sv_analytics_sums_t;

typedef struct {
    sv_store_t *store;
    const sv_analytics_query_t *query;
    sv_error_t *error;
    sv_text_map_t groups; /* key -> sv_analytics_sums_t */
    sv_text_map_t zones;  /* warehouse -> sv_time_zone_t */
    sv_text_map_t names;  /* user_id -> full name */
    sv_analytics_sums_t total;
} sv_analytics_t;

/* The group of something that has these; NULL: it is in the total alone. */
sv_analytics_sums_t *sv_analytics_group_of(sv_analytics_t *analytics, const char *warehouse, const char *user_id,
                                           const char *floor, int64_t at_ms);
/* One line into a group's sums.  What has no book has no accuracy. */
void sv_analytics_note_line(sv_analytics_t *analytics, sv_analytics_sums_t *sums, const sv_variance_row_t *row);

#endif
