/* What other counts corrected meanwhile, and what of it a line of this count takes into its book. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/document.h"
#include "core/totals/lines.h"
#include "t/unit/real_mongodb.h"

/* Correction 5 of the warehouse, approved at 1000: what was counted before or after that, and had it in its book or
 * not. */
enum { SEQ = 5, APPROVED = 1000, BEFORE = 900, AFTER = 1100 };

static sv_real_mongodb_t real;

typedef struct {
    const char *racks;   /* of the correction, as JSON; NULL: its whole warehouse */
    const char *more;    /* of its head: "'reversed_by': 'x'", or NULL */
    const char *posting; /* the line's state; NULL: pending */
    const char *count_id, *lot;
} correction_t;

static void
correct(const correction_t *correction)
{
    sv_real_insert(
        &real, SV_COLLECTION_ADJUSTMENTS,
        sv_arena_printf(real.arena,
                        "{'adjustment_id': 'A', 'count_id': '%s', 'kind': 'approve', 'warehouse': 'W1', 'seq': %d, "
                        "'racks': %s, 'approved_at': {'$date': {'$numberLong': '%d'}}%s%s}",
                        correction->count_id != NULL ? correction->count_id : "other", SEQ,
                        correction->racks != NULL ? correction->racks : "null", APPROVED,
                        correction->more != NULL ? ", " : "", correction->more != NULL ? correction->more : ""));
    sv_real_insert(
        &real, SV_COLLECTION_ADJUSTMENT_LINES,
        sv_arena_printf(real.arena,
                        "{'adjustment_id': 'A', 'n': 1, 'count_id': '%s', 'warehouse': 'W1', 'item_code': 'ITM', "
                        "'lot': '%s', 'delta': {'$numberDecimal': '-3'}, 'posting': {'state': '%s'}}",
                        correction->count_id != NULL ? correction->count_id : "other",
                        correction->lot != NULL ? correction->lot : "",
                        correction->posting != NULL ? correction->posting : "pending"));
}

/* A count of this one: the whole warehouse, or racks of it. */
typedef struct {
    bool standing;
    const char **racks; /* NULL: the whole */
    size_t rack_count;
    int64_t counted_ms;
    int64_t adjusted_seq; /* of the last correction that its book had when it was frozen */
    bool unknown_book, not_counted;
    const char *lot; /* set: the item's lots are counted apart, and the line is of this one */
} counted_t;

/* What the line makes of it: "none", "superseded", or what is adjusted ("-3"). */
static const char *
line_says(const counted_t *counted)
{
    const sv_book_scope_t scope = { .count_id = "mine",
                                    .warehouse = "W1",
                                    .whole = counted->racks == NULL,
                                    .standing = counted->standing,
                                    .racks = counted->racks,
                                    .rack_count = counted->rack_count };
    sv_totals_item_t item = { .item_code = "ITM" };
    const char *codes[] = { "ITM" };
    sv_totals_line_t line = { .item = &item,
                              .lot = counted->lot != NULL ? counted->lot : "",
                              .book = { .known = !counted->unknown_book, .lot_tracked = counted->lot != NULL },
                              .adjusted_seq = counted->adjusted_seq,
                              .records = !counted->not_counted,
                              .first_counted_ms = counted->counted_ms,
                              .last_counted_ms = counted->counted_ms };
    sv_totals_lines_t lines = { .scope = &scope,
                                .items = &item,
                                .codes = codes,
                                .item_count = 1,
                                .lines = &line,
                                .count = 1,
                                .arena = real.arena };
    char text[SV_QUANTITY_TEXT_SIZE];

    assert_int_equal(sv_totals_read_adjusted(real.store, &lines, &real.error), SV_OK);
    if (line.superseded) {
        assert_int_equal(line.adjusted_qty, 0);
        return "superseded";
    }
    sv_quantity_to_text(line.adjusted_qty, text);
    return line.adjusted_qty == 0 ? "none" : sv_arena_strdup(real.arena, text);
}

static const char *one[] = { "R1" }, *two[] = { "R1", "R2" }, *others[] = { "R7", "R8" };

static void
a_count_of_the_whole_takes_what_was_corrected_before_it_counted(void **state)
{
    (void) state;
    correct(&(correction_t){ 0 });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .adjusted_seq = SEQ - 1 }), "-3");
    /* Frozen after it, its book has it. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .adjusted_seq = SEQ }), "none");
    /* Counted before it: whatever its book had, the correction knows more. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .adjusted_seq = SEQ - 1 }), "superseded");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .adjusted_seq = SEQ }), "superseded");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = APPROVED, .adjusted_seq = SEQ - 1 }), "superseded");
}

static void
what_is_not_compared_takes_nothing(void **state)
{
    (void) state;
    correct(&(correction_t){ 0 });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .not_counted = true }), "none");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .unknown_book = true }), "none");
}

static void
lots_take_what_is_theirs(void **state)
{
    (void) state;
    correct(&(correction_t){ .lot = "L1" });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .lot = "L1" }), "-3");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .lot = "L2" }), "none");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .lot = "L2" }), "none");
}

static void
a_correction_of_racks_is_of_these_racks(void **state)
{
    (void) state;
    correct(&(correction_t){ .racks = "['R1', 'R2']" });
    /* All of it is within the whole, and within a count of the same racks. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER }), "-3");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .racks = two, .rack_count = 2 }), "-3");
    /* Some of it is on a rack that is not counted: which part, nobody knows. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .racks = one, .rack_count = 1 }), "superseded");
    /* It was about other racks: two people looked at different goods, in whatever order. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .racks = others, .rack_count = 2 }), "none");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .racks = others, .rack_count = 2 }), "none");
}

static void
a_correction_of_the_whole_is_not_within_a_part(void **state)
{
    (void) state;
    correct(&(correction_t){ 0 });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .racks = two, .rack_count = 2 }), "superseded");
    assert_string_equal(
        line_says(&(counted_t){ .counted_ms = AFTER, .adjusted_seq = SEQ, .racks = two, .rack_count = 2 }), "none");
    /* What a standing count compares grows by racks: it is never the whole. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .standing = true }), "superseded");
}

static void
what_was_taken_back_is_as_if_it_had_not_been(void **state)
{
    (void) state;
    correct(&(correction_t){ .more = "'reversed_by': 'B'" });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE }), "none");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER }), "none");
}

static void
a_reversal_is_on_paper_alone(void **state)
{
    (void) state;
    correct(&(correction_t){ .more = "'reverses_seq': 4" });
    /* The book has what is taken back, and not the taking back: whenever somebody counted. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE, .adjusted_seq = 4 }), "-3");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .adjusted_seq = 4 }), "-3");
    /* It has neither, or both. */
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .adjusted_seq = 3 }), "none");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = AFTER, .adjusted_seq = SEQ }), "none");
}

static void
what_corrects_nothing_is_passed_over(void **state)
{
    (void) state;
    correct(&(correction_t){ .posting = "superseded" });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE }), "none");
}

static void
a_count_is_not_corrected_by_itself(void **state)
{
    (void) state;
    correct(&(correction_t){ .count_id = "mine" });
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE }), "none");
}

static void
lines_without_their_head_are_nobodys(void **state)
{
    (void) state;
    correct(&(correction_t){ 0 });
    sv_real_update(&real, SV_COLLECTION_ADJUSTMENTS, "{}", "{'$set': {'adjustment_id': 'another'}}");
    assert_string_equal(line_says(&(counted_t){ .counted_ms = BEFORE }), "none");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(a_count_of_the_whole_takes_what_was_corrected_before_it_counted, &real),
        SV_WITH_REAL_MONGODB(what_is_not_compared_takes_nothing, &real),
        SV_WITH_REAL_MONGODB(lots_take_what_is_theirs, &real),
        SV_WITH_REAL_MONGODB(a_correction_of_racks_is_of_these_racks, &real),
        SV_WITH_REAL_MONGODB(a_correction_of_the_whole_is_not_within_a_part, &real),
        SV_WITH_REAL_MONGODB(what_was_taken_back_is_as_if_it_had_not_been, &real),
        SV_WITH_REAL_MONGODB(a_reversal_is_on_paper_alone, &real),
        SV_WITH_REAL_MONGODB(what_corrects_nothing_is_passed_over, &real),
        SV_WITH_REAL_MONGODB(a_count_is_not_corrected_by_itself, &real),
        SV_WITH_REAL_MONGODB(lines_without_their_head_are_nobodys, &real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
