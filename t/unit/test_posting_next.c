/* Which lines of adjustments go to the ERP next. */
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
next(const sv_posting_chunk_t *under_way)
{
    sv_posting_chunk_t *chunk = sv_arena_zalloc(real.arena, sizeof(*chunk));

    assert_int_equal(sv_posting_next(real.store, under_way, chunk, real.arena, &real.error), SV_OK);
    return chunk;
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
hundreds_come_in_their_order(void **state)
{
    sv_posting_chunk_t *before = NULL, *chunk;
    int64_t n = 0;

    (void) state;
    add_head("a", 1, 250);
    add_lines("a", 1, 250, "");
    while ((chunk = next(before))->count > 0) {
        for (size_t i = 0; i < chunk->count; i++) {
            assert_int_equal(chunk->lines[i].n, ++n);
        }
        if (before != NULL) {
            note(before, SV_POSTING_IS_APPLIED);
        }
        before = chunk;
    }
    assert_int_equal(n, 250);
    assert_string_equal(status_of("a"), "posting"); /* the last are on their way */
    note(before, SV_POSTING_IS_APPLIED);
    is(next(NULL), "");
    assert_string_equal(status_of("a"), "posted");
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
        SV_WITH_REAL_MONGODB(hundreds_come_in_their_order, &real),
        SV_WITH_REAL_MONGODB(an_item_waits_for_its_line_on_its_way, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
