#include "core/sync/what_counts.h"

#include <string.h>

const char *const sv_standing_names[SV_STANDING_NAMES] = {
    [SV_STANDING_COUNTS] = "counts",
    [SV_STANDING_VOID] = "void",
    [SV_STANDING_REPLACED] = "replaced",
    [SV_STANDING_DECIDED_AGAINST] = "decided_against",
    [SV_STANDING_EARLIER_ROUND] = "earlier_round",
    [SV_STANDING_YIELDED] = "yielded",
};

const char *const sv_decision_names[SV_DECISION_NAMES] = {
    [SV_DECISION_NONE] = NULL,
    [SV_DECISION_FOR] = "for",
    [SV_DECISION_AGAINST] = "against",
    [SV_DECISION_MERGED] = "merged",
};

static const sv_contender_t *
sv_contender_find(sv_contender_t *const *figures, size_t count, const char *client_record_id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(figures[i]->client_record_id, client_record_id) == 0) {
            return figures[i];
        }
    }
    return NULL;
}

static bool
sv_contender_is_dropped(const sv_contender_t *figure)
{
    return figure->is_void || figure->decision == SV_DECISION_AGAINST;
}

/* A figure that replaced this one may be withdrawn and have been replaced itself: the last of the row decides.  Each
 * step is another figure, so a ring of them ends with the count. */
static bool
sv_contender_is_replaced(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure)
{
    const sv_contender_t *by = figure;

    for (size_t steps = 0; steps < count && by->replaced_by != NULL; steps++) {
        by = sv_contender_find(figures, count, by->replaced_by);
        if (by == NULL || by == figure) {
            return false;
        }
        if (!sv_contender_is_dropped(by)) {
            return true;
        }
    }
    return false;
}

static sv_standing_t
sv_contender_judge(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure)
{
    if (figure->is_void) {
        return SV_STANDING_VOID;
    }
    if (figure->decision == SV_DECISION_AGAINST) {
        return SV_STANDING_DECIDED_AGAINST;
    }
    return sv_contender_is_replaced(figures, count, figure) ? SV_STANDING_REPLACED : SV_STANDING_COUNTS;
}

bool
sv_contender_adds_up(const sv_contender_t *figure)
{
    return figure->partial || figure->decision == SV_DECISION_MERGED;
}

/* What replaced it was withdrawn, so it might count again. */
static bool
sv_contender_returns(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure)
{
    return figure->standing == SV_STANDING_COUNTS && figure->replaced_by != NULL &&
           sv_contender_find(figures, count, figure->replaced_by) != NULL;
}

/* A figure does not come back beside others that were taken when it was gone, unless they all add up: nobody was asked
 * whether the two are the same pieces. */
static void
sv_contenders_keep_away(sv_contender_t *const *figures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool away = false;

        if (!sv_contender_returns(figures, count, figures[i])) {
            continue;
        }
        for (size_t j = 0; j < count && !away; j++) {
            away = figures[j]->standing == SV_STANDING_COUNTS && figures[j]->round == figures[i]->round &&
                   !figures[j]->declared_empty && !sv_contender_returns(figures, count, figures[j]) &&
                   !(sv_contender_adds_up(figures[i]) && sv_contender_adds_up(figures[j]));
        }
        if (away) {
            figures[i]->standing = SV_STANDING_REPLACED;
        }
    }
}

void
sv_contenders_decide(sv_contender_t *const *figures, size_t count)
{
    int64_t latest = INT64_MIN;
    bool real = false;

    for (size_t i = 0; i < count; i++) {
        figures[i]->standing = sv_contender_judge(figures, count, figures[i]);
    }
    sv_contenders_keep_away(figures, count);
    for (size_t i = 0; i < count; i++) {
        if (figures[i]->standing == SV_STANDING_COUNTS && figures[i]->round >= latest) {
            real = (real && figures[i]->round == latest) || !figures[i]->declared_empty;
            latest = figures[i]->round;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (figures[i]->standing != SV_STANDING_COUNTS) {
            continue;
        }
        if (figures[i]->round < latest) {
            figures[i]->standing = SV_STANDING_EARLIER_ROUND;
        } else if (real && figures[i]->declared_empty) {
            figures[i]->standing = SV_STANDING_YIELDED;
        }
    }
}

static bool
sv_contender_is_named(const sv_contender_t *figure, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], figure->client_record_id) == 0) {
            return true;
        }
    }
    return false;
}

bool
sv_contender_makes_room(const sv_contender_t *other, const sv_contender_t *figure, const char *const *replaces,
                        size_t replaces_count)
{
    if (other->declared_empty) {
        return true;
    }
    if (other->decided_above) {
        return false; /* that was a supervisor's decision, and takes another */
    }
    return (other->replaced_by != NULL && strcmp(other->replaced_by, figure->client_record_id) == 0) ||
           sv_contender_is_named(other, replaces, replaces_count);
}

bool
sv_contender_is_live(const sv_contender_t *figure)
{
    return figure->standing == SV_STANDING_COUNTS || figure->standing == SV_STANDING_EARLIER_ROUND ||
           figure->standing == SV_STANDING_YIELDED;
}

sv_contender_t *
sv_contenders_in_the_way(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure,
                         const char *const *replaces, size_t replaces_count)
{
    for (size_t i = 0; i < count; i++) {
        sv_contender_t *other = figures[i];

        if (sv_contender_is_live(other) && other->round == figure->round &&
            strcmp(other->client_record_id, figure->client_record_id) != 0 &&
            !(sv_contender_adds_up(other) && sv_contender_adds_up(figure)) &&
            !sv_contender_makes_room(other, figure, replaces, replaces_count)) {
            return other;
        }
    }
    return NULL;
}

bool
sv_contender_is_overtaken(sv_contender_t *const *figures, size_t count, const sv_contender_t *figure)
{
    for (size_t i = 0; i < count; i++) {
        if (sv_contender_is_live(figures[i]) && figures[i]->round > figure->round &&
            strcmp(figures[i]->client_record_id, figure->client_record_id) != 0) {
            return true;
        }
    }
    return false;
}
