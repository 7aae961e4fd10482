/* Which lines of adjustments go to the ERP next. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/adjust/posting.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static void
add_head(const char *id, int seq, int lines)
{
    sv_real_insert(&real, SV_COLLECTION_ADJUSTMENTS,
                   sv_arena_printf(real.arena,
                                   "{'adjustment_id': '%s', 'warehouse': 'W', 'seq': %d, 'status': 'posting', "
                                   "'line_count': %d, 'approved_at': {'$date': '2026-01-%02dT00:00:00Z'}}",
                                   id, seq, lines, seq));
}

/* A pending line; `posting` is what more is to be said of it. */
static void
add_line(const char *id, int n, const char *item_code, const char *posting)
{
    sv_real_insert(&real, SV_COLLECTION_ADJUSTMENT_LINES,
                   sv_arena_printf(real.arena,
                                   "{'adjustment_id': '%s', 'n': %d, 'warehouse': 'W', 'item_code': '%s', 'lot': '', "
                                   "'posting': {'state': 'pending', 'attempts': 0%s}}",
                                   id, n, item_code, posting));
}

static void
add_lines(const char *id, int first, int last, const char *posting)
{
    for (int n = first; n <= last; n++) {
        add_line(id, n, sv_arena_printf(real.arena, "%s-%d", id, n), posting);
    }
}

static const char paused[] = ", 'not_before': {'$date': '2999-01-01T00:00:00Z'}";

static sv_posting_chunk_t *
next_of_most(const sv_posting_chunk_t *under_way, size_t most)
{
    sv_posting_chunk_t *chunk = sv_arena_zalloc(real.arena, sizeof(*chunk));

    chunk->most = most;
    assert_int_equal(sv_posting_next(real.store, under_way, chunk, real.arena, &real.error), SV_OK);
    return chunk;
}

static sv_posting_chunk_t *
next(const sv_posting_chunk_t *under_way)
{
    return next_of_most(under_way, 100);
}

/* "a 1 2", or "asks a 1 2" of those in doubt. */
static void
is(const sv_posting_chunk_t *chunk, const char *expected)
{
    const char *text = chunk->count == 0
                           ? ""
                           : sv_arena_printf(real.arena, "%s%s", chunk->settles ? "asks " : "", chunk->adjustment_id);

    for (size_t i = 0; i < chunk->count; i++) {
        text = sv_arena_printf(real.arena, "%s %lld", text, (long long) chunk->lines[i].n);
    }
    assert_string_equal(text, expected);
}

static void
note(sv_posting_chunk_t *chunk, sv_posting_outcome_t outcome)
{
    for (size_t i = 0; i < chunk->count; i++) {
        chunk->lines[i].outcome = outcome;
    }
    assert_int_equal(sv_posting_note(real.store, chunk, real.arena, &real.error), SV_OK);
}

static const char *
status_of(const char *id)
{
    return sv_doc_text(
        sv_real_find(&real, SV_COLLECTION_ADJUSTMENTS, sv_arena_printf(real.arena, "{'adjustment_id': '%s'}", id)),
        "status", real.arena);
}

static void
a_line_is_found_wherever_it_is(void **state)
{
    sv_posting_chunk_t *first;

    (void) state;
    add_head("a", 1, 20000);
    add_lines("a", 1000, 1000, paused);
    add_lines("a", 1001, 1001, "");
    add_lines("a", 19999, 20000, "");
    first = next(NULL);
    is(first, "a 1001");
    /* What is on its way is in no doubt, but for whoever finds it without knowing. */
    is(next(first), "a 19999 20000");
    is(next(NULL), "asks a 1001 19999 20000");
}

static void
none_is_passed_over_behind_hundreds_that_wait(void **state)
{
    (void) state;
    add_head("a", 1, 252);
    add_lines("a", 1, 250, paused);
    add_lines("a", 251, 252, "");
    is(next(NULL), "a 251 252");
}

static void
as_many_come_as_are_wanted_in_their_order(void **state)
{
    static const size_t wanted[] = { 100, 1, 150, 7 };
    sv_posting_chunk_t *before = NULL, *chunk;
    int64_t n = 0;
    int turn = 0;

    (void) state;
    add_head("a", 1, 300);
    add_lines("a", 1, 300, "");
    while ((chunk = next_of_most(before, wanted[turn % 4]))->count > 0) {
        assert_int_equal(chunk->count, wanted[turn++ % 4] < 300 - (size_t) n ? chunk->most : 300 - (size_t) n);
        for (size_t i = 0; i < chunk->count; i++) {
            assert_int_equal(chunk->lines[i].n, ++n);
        }
        if (before != NULL) {
            note(before, SV_POSTING_IS_APPLIED);
        }
        before = chunk;
    }
    assert_int_equal(n, 300);
    assert_string_equal(status_of("a"), "posting"); /* the last are on their way */
    note(before, SV_POSTING_IS_APPLIED);
    is(next(NULL), "");
    assert_string_equal(status_of("a"), "posted");
}

/* Those sent before are not looked through again, and what had to wait among them comes in the end. */
static void
the_next_stand_behind_those_on_their_way(void **state)
{
    sv_posting_chunk_t *first, *second, *third;

    (void) state;
    add_head("a", 1, 1206);
    add_lines("a", 1, 1, paused);
    add_lines("a", 2, 1206, "");
    first = next_of_most(NULL, 800);
    assert_int_equal(first->lines[first->count - 1].n, 800);
    second = next_of_most(first, 400);
    assert_int_equal(second->count, 400);
    assert_int_equal(second->lines[0].n, 801);
    assert_int_equal(second->lines[399].n, 1200);
    note(first, SV_POSTING_IS_APPLIED);
    sv_real_update(&real, SV_COLLECTION_ADJUSTMENT_LINES, "{'n': 1}", "{'$unset': {'posting.not_before': ''}}");
    third = next(second);
    is(third, "a 1201 1202 1203 1204 1205 1206");
    note(second, SV_POSTING_IS_APPLIED);
    is(next(third), "a 1");
}

static void
of_those_in_doubt_as_many_are_asked_for_as_are_wanted(void **state)
{
    (void) state;
    add_head("a", 1, 4);
    add_lines("a", 1, 4, "");
    is(next(NULL), "a 1 2 3 4");
    is(next_of_most(NULL, 3), "asks a 1 2 3");
}

/* Others that have to wait are passed over at once, however few are wanted. */
static void
few_are_found_behind_many_that_wait(void **state)
{
    (void) state;
    add_head("a", 1, 252);
    add_lines("a", 1, 250, paused);
    add_lines("a", 251, 252, "");
    is(next_of_most(NULL, 1), "a 251");
}

/* What is known of a line when it is marked. */
static void
a_line_is_told_in_full(void **state)
{
    const sv_posting_line_t *line;

    (void) state;
    add_head("a", 1, 1);
    sv_real_insert(&real, SV_COLLECTION_ADJUSTMENT_LINES,
                   "{'adjustment_id': 'a', 'n': 1, 'warehouse': 'W', 'erp_warehouse': 'MAIN', 'item_code': 'X', "
                   "'erp_code': 'x', 'lot': 'L', 'uom': 'PCS', 'delta': {'$numberDecimal': '-2.5'}, 'unit_cost': "
                   "{'$numberDecimal': '1.25'}, 'counted_at': {'$date': '2026-01-05T08:00:00Z'}, 'posting': {'state': "
                   "'pending', 'attempts': 2}}");
    line = next(NULL)->lines;
    assert_string_equal(line->item_code, "x");
    assert_string_equal(line->warehouse, "MAIN");
    assert_string_equal(line->lot, "L");
    assert_string_equal(line->uom, "PCS");
    assert_int_equal(line->delta, -5 * SV_QUANTITY_ONE / 2);
    assert_true(line->has_cost);
    assert_int_equal(line->unit_cost, 5 * SV_QUANTITY_ONE / 4);
    assert_int_equal(line->counted_at_ms, 1767600000000);
    assert_int_equal(line->attempts, 2);
    assert_int_equal(line->outcome, SV_POSTING_STAYS_SENT);
}

/* A worker that believes to have the role, on a thread and a client of its own. */
typedef struct {
    pthread_barrier_t *start;
    sv_arena_t *arena;
    sv_posting_chunk_t chunk;
    sv_status_t status;
} racer_t;

static void *
race(void *argument)
{
    racer_t *racer = argument;
    sv_store_t *store = sv_store_acquire(real.pool);
    sv_error_t error;

    sv_error_init(&error, racer->arena);
    pthread_barrier_wait(racer->start);
    racer->status = sv_posting_next(store, NULL, &racer->chunk, racer->arena, &error);
    sv_store_release(store);
    return NULL;
}

static void
two_that_mark_at_once_send_no_line_both(void **state)
{
    enum { ROUNDS = 20, WANTED = 40 };

    (void) state;
    for (int round = 0; round < ROUNDS; round++) {
        const char *id = sv_arena_printf(real.arena, "a%d", round);
        racer_t racers[2] = { 0 };
        pthread_barrier_t start;
        pthread_t threads[2];
        int marked[WANTED + 1] = { 0 };

        add_head(id, round + 1, WANTED);
        add_lines(id, 1, WANTED, "");
        pthread_barrier_init(&start, NULL, 2);
        for (int i = 0; i < 2; i++) {
            racers[i] =
                (racer_t){ .start = &start, .arena = sv_arena_create(), .chunk = { .most = (size_t) (WANTED - i) } };
            pthread_create(&threads[i], NULL, race, &racers[i]);
        }
        for (int i = 0; i < 2; i++) {
            const sv_posting_chunk_t *chunk = &racers[i].chunk;

            pthread_join(threads[i], NULL);
            for (size_t j = 0; racers[i].status == SV_OK && !chunk->settles && j < chunk->count; j++) {
                assert_int_equal(++marked[chunk->lines[j].n], 1);
            }
            sv_arena_destroy(racers[i].arena);
        }
        pthread_barrier_destroy(&start);
        sv_real_update(&real, SV_COLLECTION_ADJUSTMENTS, sv_arena_printf(real.arena, "{'adjustment_id': '%s'}", id),
                       "{'$set': {'status': 'posted'}}");
    }
}

static void
an_item_waits_for_its_line_on_its_way(void **state)
{
    sv_posting_chunk_t *first;

    (void) state;
    add_head("a", 1, 1);
    add_line("a", 1, "X", "");
    add_head("b", 2, 2);
    add_line("b", 1, "X", "");
    add_line("b", 2, "Y", "");
    first = next(NULL);
    is(first, "a 1");
    is(next(first), "b 2");
    note(first, SV_POSTING_GOES_AGAIN);
    is(next(NULL), "a 1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(a_line_is_found_wherever_it_is, &real),
        SV_WITH_REAL_MONGODB(none_is_passed_over_behind_hundreds_that_wait, &real),
        SV_WITH_REAL_MONGODB(as_many_come_as_are_wanted_in_their_order, &real),
        SV_WITH_REAL_MONGODB(the_next_stand_behind_those_on_their_way, &real),
        SV_WITH_REAL_MONGODB(of_those_in_doubt_as_many_are_asked_for_as_are_wanted, &real),
        SV_WITH_REAL_MONGODB(few_are_found_behind_many_that_wait, &real),
        SV_WITH_REAL_MONGODB(a_line_is_told_in_full, &real),
        SV_WITH_REAL_MONGODB(two_that_mark_at_once_send_no_line_both, &real),
        SV_WITH_REAL_MONGODB(an_item_waits_for_its_line_on_its_way, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
