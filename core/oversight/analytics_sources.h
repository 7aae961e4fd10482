#ifndef SV_ANALYTICS_SOURCES_H
#define SV_ANALYTICS_SOURCES_H

#include "core/oversight/analytics_groups.h"

/* What analytics add up. */

/* Lines that were counted. */
sv_status_t sv_analytics_read_lines(sv_analytics_t *analytics);
/* Floor sessions that have ended, for how fast it went. */
sv_status_t sv_analytics_read_sessions(sv_analytics_t *analytics);

#endif
