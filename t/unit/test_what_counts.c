/* What counts, held against a model that keeps the figures of each round as people would on paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/sync/what_counts.h"
#include "t/unit/random.h"

enum { FIGURES = 8, HISTORIES = 4000, STEPS = 25 };

static const char *const names[FIGURES] = { "a", "b", "c", "d", "e", "f", "g", "h" };

static sv_contender_t
figure(const char *name, int64_t round)
{
    return (sv_contender_t){ .client_record_id = name, .round = round };
}

static void
decide(sv_contender_t *figures, size_t count)
{
    sv_contender_t *list[FIGURES];

    for (size_t i = 0; i < count; i++) {
        list[i] = &figures[i];
    }
    sv_contenders_decide(list, count);
}

static void
the_latest_round_counts(void **state)
{
    sv_contender_t figures[] = { figure("a", 1), figure("b", 2), figure("c", 2) };

    (void) state;
    decide(figures, 3);
    assert_int_equal(figures[0].standing, SV_STANDING_EARLIER_ROUND);
    assert_int_equal(figures[1].standing, SV_STANDING_COUNTS);
    assert_int_equal(figures[2].standing, SV_STANDING_COUNTS);
    figures[1].is_void = true;
    figures[2].decision = SV_DECISION_AGAINST;
    decide(figures, 3);
    assert_int_equal(figures[0].standing, SV_STANDING_COUNTS);
    assert_int_equal(figures[1].standing, SV_STANDING_VOID);
    assert_int_equal(figures[2].standing, SV_STANDING_DECIDED_AGAINST);
}

static void
a_declared_zero_yields_in_its_round(void **state)
{
    sv_contender_t figures[] = { figure("a", 1), figure("b", 2), figure("c", 2) };

    (void) state;
    figures[1].declared_empty = true;
    decide(figures, 2);
    assert_int_equal(figures[0].standing, SV_STANDING_EARLIER_ROUND);
    assert_int_equal(figures[1].standing, SV_STANDING_COUNTS);
    decide(figures, 3);
    assert_int_equal(figures[1].standing, SV_STANDING_YIELDED);
    assert_int_equal(figures[2].standing, SV_STANDING_COUNTS);
}

static void
who_replaces_may_be_withdrawn_and_replaced(void **state)
{
    sv_contender_t figures[] = { figure("a", 1), figure("b", 1), figure("c", 1) };

    (void) state;
    figures[0].replaced_by = "b";
    figures[1].replaced_by = "c";
    decide(figures, 3);
    assert_int_equal(figures[0].standing, SV_STANDING_REPLACED);
    assert_int_equal(figures[1].standing, SV_STANDING_REPLACED);
    figures[1].is_void = true;
    decide(figures, 3);
    assert_int_equal(figures[0].standing, SV_STANDING_REPLACED); /* by c, which saw b */
    figures[2].is_void = true;
    decide(figures, 3);
    assert_int_equal(figures[0].standing, SV_STANDING_COUNTS);
    /* A ring, which no client can make, ends. */
    figures[1].is_void = figures[2].is_void = false;
    figures[2].replaced_by = "a";
    decide(figures, 3);
}

static void
a_whole_figure_asks_a_part_does_not(void **state)
{
    sv_contender_t figures[] = { figure("a", 1), figure("b", 1) }, *list[] = { &figures[0], &figures[1] };
    sv_contender_t whole = figure("n", 1), part = figure("n", 1), next = figure("n", 2);
    const char *both[] = { "a", "b" };

    (void) state;
    part.partial = figures[0].partial = figures[1].partial = true;
    sv_contenders_decide(list, 2);
    assert_non_null(sv_contenders_in_the_way(list, 2, &whole, NULL, 0));
    assert_ptr_equal(sv_contenders_in_the_way(list, 2, &whole, both, 1), list[1]);
    assert_null(sv_contenders_in_the_way(list, 2, &whole, both, 2));
    assert_null(sv_contenders_in_the_way(list, 2, &part, NULL, 0));
    assert_null(sv_contenders_in_the_way(list, 2, &next, NULL, 0));
    figures[0].decided_above = true;
    assert_ptr_equal(sv_contenders_in_the_way(list, 2, &whole, both, 2), list[0]);
}

/* ---- the model: per round a list of what counts, and what waits behind whom */

typedef struct {
    bool there, is_void, part, against, merged;
    int64_t round;
    int behind; /* replaced by; -1 */
    int quantity;
} paper_t;

static bool
paper_live(const paper_t *paper, int i)
{
    return paper[i].there && !paper[i].is_void && !paper[i].against;
}

static bool
paper_hidden(const paper_t *paper, int i)
{
    for (int by = paper[i].behind, steps = 0; by >= 0 && steps < FIGURES; by = paper[by].behind, steps++) {
        if (paper_live(paper, by)) {
            return true;
        }
    }
    return false;
}

static bool
paper_adds(const paper_t *paper, int i)
{
    return paper[i].part || paper[i].merged;
}

/* Its successor was crossed out: it comes back only where nothing else of the round would stand beside it unasked. */
static bool
paper_comes_back(const paper_t *paper, int i)
{
    return paper_live(paper, i) && !paper_hidden(paper, i) && paper[i].behind >= 0;
}

static bool
paper_counts(const paper_t *paper, int i)
{
    if (!paper_live(paper, i) || paper_hidden(paper, i)) {
        return false;
    }
    for (int j = 0; paper[i].behind >= 0 && j < FIGURES; j++) {
        if (j != i && paper_live(paper, j) && !paper_hidden(paper, j) && !paper_comes_back(paper, j) &&
            paper[j].round == paper[i].round && !(paper_adds(paper, i) && paper_adds(paper, j))) {
            return false;
        }
    }
    return true;
}

static int
paper_sum(const paper_t *paper)
{
    for (int64_t round = 9; round > 0; round--) {
        int sum = 0, found = 0;

        for (int i = 0; i < FIGURES; i++) {
            if (paper_counts(paper, i) && paper[i].round == round) {
                sum += paper[i].quantity;
                found++;
            }
        }
        if (found > 0) {
            return sum;
        }
    }
    return 0;
}

/* What the figures of a round may be at any time: one whole, or any parts. */
static void
check_one_whole(const sv_contender_t *figures)
{
    int wholes = 0, counting = 0;

    for (int i = 0; i < FIGURES; i++) {
        if (figures[i].client_record_id != NULL && figures[i].standing == SV_STANDING_COUNTS) {
            counting++;
            wholes += !sv_contender_adds_up(&figures[i]);
        }
    }
    assert_true(wholes <= 1);
    assert_true(wholes == 0 || counting == 1);
}

typedef struct {
    sv_contender_t figures[FIGURES];
    sv_contender_t *list[FIGURES];
    size_t count;
    int quantities[FIGURES];
    paper_t paper[FIGURES];
    int64_t round;
} history_t;

static void
history_list(history_t *history)
{
    history->count = 0;
    for (int i = 0; i < FIGURES; i++) {
        if (history->figures[i].client_record_id != NULL) {
            history->list[history->count++] = &history->figures[i];
        }
    }
    sv_contenders_decide(history->list, history->count);
}

/* A sending: taken when nothing is in the way, as the server would. */
static void
history_send(history_t *history, int i, bool is_void, bool part, int replaces, int quantity)
{
    sv_contender_t candidate = history->figures[i];
    const char *named[1] = { replaces >= 0 ? names[replaces] : NULL };
    size_t named_count = replaces >= 0 && replaces != i;

    if (candidate.client_record_id == NULL) {
        candidate = figure(names[i], history->round);
        if (is_void) {
            return;
        }
    } else if (!is_void && (candidate.standing == SV_STANDING_REPLACED || candidate.decision == SV_DECISION_AGAINST)) {
        return;
    }
    candidate.is_void = is_void;
    candidate.partial = part;
    if (!is_void && sv_contenders_in_the_way(history->list, history->count, &candidate, named, named_count) != NULL) {
        return;
    }
    if (!is_void) {
        candidate.replaced_by = NULL;
    }
    history->figures[i] = candidate;
    if (named_count > 0 && !is_void && history->figures[replaces].client_record_id != NULL) {
        history->figures[replaces].replaced_by = names[i];
        history->paper[replaces].behind = i;
    }
    history->paper[i] = (paper_t){ .there = true,
                                   .is_void = is_void,
                                   .part = part,
                                   .against = history->paper[i].against,
                                   .merged = history->paper[i].merged,
                                   .round = candidate.round,
                                   .behind = is_void ? history->paper[i].behind : -1,
                                   .quantity = quantity };
    if (!history->paper[i].there) {
        history->paper[i].behind = -1;
    }
    history->quantities[i] = quantity;
}

/* A person chooses one of the round, or lets two stand beside each other. */
static void
history_decide(history_t *history, int i, bool merge)
{
    sv_contender_t *chosen = &history->figures[i];

    if (chosen->client_record_id == NULL || chosen->is_void || chosen->standing != SV_STANDING_COUNTS) {
        return;
    }
    for (int j = 0; j < FIGURES; j++) {
        sv_contender_t *other = &history->figures[j];

        if (j == i || other->client_record_id == NULL || other->is_void || other->round < chosen->round) {
            continue;
        }
        if (!merge) {
            other->decision = SV_DECISION_AGAINST;
            history->paper[j].against = true;
        } else if (other->standing == SV_STANDING_COUNTS) {
            other->decision = chosen->decision = SV_DECISION_MERGED;
            history->paper[i].merged = history->paper[j].merged = true;
        }
    }
}

static void
history_step(history_t *history, random_t *random)
{
    int i = (int) (random_next(random) % FIGURES);
    int replaces = random_next(random) % 3 == 0 ? (int) (random_next(random) % FIGURES) : -1;

    switch (random_next(random) % 12) {
    case 0:
        history->round++;
        break;
    case 1:
        history_decide(history, i, false);
        break;
    case 2:
        history_decide(history, i, true);
        break;
    case 3:
    case 4:
        history_send(history, i, true, false, -1, history->quantities[i]);
        break;
    default:
        history_send(history, i, false, random_next(random) % 2 == 0, replaces, (int) (random_next(random) % 100));
    }
    history_list(history);
}

static int
history_sum(const history_t *history)
{
    int sum = 0;

    for (int i = 0; i < FIGURES; i++) {
        if (history->figures[i].client_record_id != NULL && history->figures[i].standing == SV_STANDING_COUNTS) {
            sum += history->quantities[i];
        }
    }
    return sum;
}

/* The order in which the figures are read decides nothing. */
static void
check_order(const history_t *history)
{
    sv_contender_t copies[FIGURES], *backwards[FIGURES];

    for (size_t i = 0; i < history->count; i++) {
        copies[i] = *history->list[history->count - 1 - i];
        backwards[i] = &copies[i];
    }
    sv_contenders_decide(backwards, history->count);
    for (size_t i = 0; i < history->count; i++) {
        assert_int_equal(copies[i].standing, history->list[history->count - 1 - i]->standing);
    }
}

static void
any_history_sums_up_as_on_paper(void **state)
{
    random_t random = random_seeded(5);

    (void) state;
    for (int n = 0; n < HISTORIES; n++) {
        history_t history = { .round = 1 };

        for (int i = 0; i < FIGURES; i++) {
            history.paper[i].behind = -1;
        }
        for (int step = 0; step < STEPS; step++) {
            history_step(&history, &random);
            check_one_whole(history.figures);
            check_order(&history);
            assert_int_equal(history_sum(&history), paper_sum(history.paper));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_round_counts),
        cmocka_unit_test(a_declared_zero_yields_in_its_round),
        cmocka_unit_test(who_replaces_may_be_withdrawn_and_replaced),
        cmocka_unit_test(a_whole_figure_asks_a_part_does_not),
        cmocka_unit_test(any_history_sums_up_as_on_paper),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
