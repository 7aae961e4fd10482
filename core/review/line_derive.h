#ifndef SV_LINE_DERIVE_H
#define SV_LINE_DERIVE_H

#include "core/totals/lines.h"

/*
 * What the totals of a count's lines say to the one who closes it, derived and written with them, in their transaction:
 * state, version, variance and value (null while a rack is open), who is behind the line, and whether it is undecided.
 *
 * `version` grows when what the line tells has changed, and by nothing else: so an acceptance of an earlier version is
 * void by itself.
 */

/* What the line said before, from its document. */
void sv_review_read_line(const bson_t *document, sv_totals_line_t *line, sv_arena_t *arena);

/* Once the lines are compared: decides their states, and asks for the recounts that the count's tolerance wants. */
sv_status_t
sv_review_derive(sv_store_t *store, const bson_t *count, sv_totals_lines_t *lines, bool *asked, sv_error_t *error);

/* Appends `flags`; to `$set`, what the line says now. */
void sv_review_put_flags(const sv_totals_line_t *line, bson_t *counted);
void sv_review_put_line(const sv_totals_line_t *line, bson_t *set);

/* The state of a line as it is told: accepted while the version is that which was accepted. */
sv_line_state_t sv_review_told_state(const sv_totals_line_t *line);

#endif
