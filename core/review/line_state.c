#include "core/review/line_state.h"

#include <string.h>

const char *const sv_line_states[] = {
    [SV_LINE_NOT_COUNTED] = "not_counted",
    [SV_LINE_INCOMPLETE] = "incomplete",
    [SV_LINE_COUNTED] = "counted",
    [SV_LINE_RECOUNT_ASKED] = "recount_asked",
    [SV_LINE_NOT_RECOUNTED] = "not_recounted",
    [SV_LINE_RECOUNTED] = "recounted",
    [SV_LINE_ACCEPTED] = "accepted",
    [SV_LINE_STATES] = NULL,
};

sv_line_state_t
sv_line_state_named(const char *name)
{
    sv_line_state_t state = SV_LINE_NOT_COUNTED;

    while (state < SV_LINE_STATES && (name == NULL || strcmp(sv_line_states[state], name) != 0)) {
        state++;
    }
    return state;
}

sv_line_state_t
sv_line_state_decide(bool counted, const sv_line_rack_t *racks, size_t count)
{
    bool open = false, pending = false, missed = false, done = false;

    for (size_t i = 0; i < count; i++) {
        const sv_line_rack_t *rack = &racks[i];

        open |= rack->standing == SV_LINE_RACK_OPEN;
        if (rack->standing == SV_LINE_RACK_EXCLUDED) {
            continue; /* nobody need go there again */
        }
        pending |= rack->recount == SV_LINE_RECOUNT_PENDING;
        done |= rack->recount == SV_LINE_RECOUNT_DONE && rack->has_recounted;
        missed |= rack->recount == SV_LINE_RECOUNT_DONE && rack->has_figure && !rack->has_recounted;
    }
    if (!counted) {
        return pending ? SV_LINE_RECOUNT_ASKED : SV_LINE_NOT_COUNTED;
    }
    return open      ? SV_LINE_INCOMPLETE
           : pending ? SV_LINE_RECOUNT_ASKED
           : missed  ? SV_LINE_NOT_RECOUNTED
           : done    ? SV_LINE_RECOUNTED
                     : SV_LINE_COUNTED;
}

static const struct {
    const char *name;
    bool asks; /* for a person */
} sv_flag_rows[SV_LINE_FLAGS] = {
    [SV_LINE_FLAG_UNKNOWN] = { "unknown", true },
    [SV_LINE_FLAG_DELISTED] = { "delisted", false },
    [SV_LINE_FLAG_LOT] = { "lot", true },
    [SV_LINE_FLAG_MOVED] = { "moved", true },
    [SV_LINE_FLAG_MIXED] = { "mixed", true },
    [SV_LINE_FLAG_SERIAL_SWAPPED] = { "serial_swapped", true },
    [SV_LINE_FLAG_SERIAL_DUPLICATE] = { "serial_duplicate", true },
    [SV_LINE_FLAG_SERIAL_MISPLACED] = { "serial_misplaced", true },
    [SV_LINE_FLAG_SUPERSEDED] = { "superseded", false },
    [SV_LINE_FLAG_EXCLUDED] = { "excluded", true },
};

const char *
sv_line_flag_name(sv_line_flag_t flag)
{
    return sv_flag_rows[flag].name;
}

bool
sv_line_flags_ask(unsigned flags)
{
    for (int flag = 0; flag < SV_LINE_FLAGS; flag++) {
        if ((flags & SV_LINE_FLAG_BIT(flag)) != 0 && sv_flag_rows[flag].asks) {
            return true;
        }
    }
    return false;
}

bool
sv_line_may_be_accepted(const sv_line_facts_t *facts)
{
    return (facts->flags & SV_LINE_FLAG_BIT(SV_LINE_FLAG_UNKNOWN)) == 0 && !facts->has_conflict &&
           (facts->state == SV_LINE_COUNTED || facts->state == SV_LINE_NOT_RECOUNTED ||
            facts->state == SV_LINE_RECOUNTED || facts->state == SV_LINE_ACCEPTED);
}

bool
sv_line_is_undecided(const sv_line_facts_t *facts)
{
    bool unknown = (facts->flags & SV_LINE_FLAG_BIT(SV_LINE_FLAG_UNKNOWN)) != 0;

    if (facts->has_conflict || (unknown && !facts->rejected)) {
        return true;
    }
    switch (facts->state) {
    case SV_LINE_INCOMPLETE:
    case SV_LINE_RECOUNT_ASKED:
    case SV_LINE_NOT_RECOUNTED:
        return true;
    case SV_LINE_COUNTED:
    case SV_LINE_RECOUNTED:
        return !unknown && (facts->flags & SV_LINE_FLAG_BIT(SV_LINE_FLAG_SUPERSEDED)) == 0 &&
               ((facts->has_variance && facts->variance != 0) || sv_line_flags_ask(facts->flags));
    default:
        return false;
    }
}

static sv_quantity_t
sv_without_sign(sv_quantity_t quantity)
{
    return quantity < 0 ? -quantity : quantity;
}

bool
sv_tolerance_is_exceeded(const sv_tolerance_t *tolerance, const sv_tolerance_line_t *line)
{
    sv_quantity_t variance = sv_without_sign(line->variance), value;

    if (variance == 0) {
        return false;
    }
    if (tolerance->has_quantity && variance > tolerance->quantity) {
        return true;
    }
    /* variance / book > percent / 100: in whole numbers, so that 5 of 100 is 5 % exactly. */
    if (tolerance->has_percent &&
        (__int128) variance * 100 * SV_QUANTITY_ONE > (__int128) tolerance->percent * sv_without_sign(line->book)) {
        return true;
    }
    return tolerance->has_value &&
           (!sv_quantity_mul(variance, sv_without_sign(line->unit_cost), &value) || value > tolerance->value);
}
