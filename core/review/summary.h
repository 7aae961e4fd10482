#ifndef SV_REVIEW_SUMMARY_H
#define SV_REVIEW_SUMMARY_H

#include "core/base/json_writer.h"
#include "core/totals/lines.h"

/*
 * What a count's document keeps of how its lines stand: `summary` {by_state, undecided, units[] {uom, lines, net,
 * gross}, values, net_value, gross_value}.  It moves by what lines moved, as the count's totals do.  Of different units
 * nothing is added; values are of the warehouse's one currency.  Lines that were never derived are not counted, and
 * stand in no part of it.
 */
void sv_review_put_summary(const bson_t *count, const sv_totals_lines_t *lines, bson_t *set);

/* The same after some lines were accepted in one way only: `accepted[state]` lines of that state are accepted now, and
 * so many less are undecided. */
void sv_review_put_accepted(const bson_t *count, const int64_t accepted[SV_LINE_STATES], int64_t decided, bson_t *set,
                            sv_arena_t *arena);

/* The member `summary`, with `not_counted` made of the lines that are in no other state. */
void sv_review_write_summary(sv_json_writer_t *w, const bson_t *count, sv_arena_t *arena);

#endif
