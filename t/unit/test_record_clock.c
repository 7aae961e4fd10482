/* What a phone's clock is worth: which edit is newer, and when a figure was counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/store/document.h"
#include "core/sync/record_clock.h"

#define MINUTE INT64_C(60000)
#define DAY    (1440 * MINUTE)
#define NOW    INT64_C(1795342800000)
#define FUTURE INT64_C(18902000000000) /* the year 2568 */

static int
make_arena(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
free_arena(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

static sv_record_t
made_at(int64_t updated_at)
{
    return (sv_record_t){ .updated_at = updated_at,
                          .created_at = updated_at,
                          .order = updated_at,
                          .verified_qty = 3 * SV_QUANTITY_ONE,
                          .status = SV_RECORD_FINALIZED,
                          .item_code = "A" };
}

static sv_record_t
of_revision(int64_t revision, int64_t updated_at)
{
    sv_record_t record = made_at(updated_at);

    record.present |= UINT64_C(1) << SV_RECORD_HAS_revision;
    record.revision = record.order = revision;
    return record;
}

/* Whether an edit is newer than one stored at the same moment. */
static bool
beats(sv_record_t edit, sv_record_t stored)
{
    return sv_edit_is_newer(&edit, NOW, stored.order, sv_order_is_suspect(&stored, NOW));
}

static void
any_plausible_order_beats_one_of_the_future(void **state)
{
    (void) state;
    assert_true(beats(made_at(NOW + 1), made_at(NOW)));
    assert_false(beats(made_at(NOW), made_at(NOW)));
    assert_false(beats(made_at(NOW - 1), made_at(NOW)));
    assert_true(beats(made_at(NOW), made_at(FUTURE))); /* its calendar was mended */
    assert_false(beats(made_at(FUTURE), made_at(NOW)));
    assert_true(beats(made_at(FUTURE + 1), made_at(FUTURE))); /* it was not yet */
    assert_false(beats(made_at(FUTURE), made_at(FUTURE + 1)));
    assert_true(beats(made_at(NOW + 5 * MINUTE), made_at(NOW + 5 * MINUTE - 1)));
    assert_true(beats(made_at(NOW), made_at(NOW + 5 * MINUTE + 1)));
}

static void
a_revision_is_never_suspect(void **state)
{
    (void) state;
    assert_true(beats(of_revision(2, NOW), of_revision(1, FUTURE)));
    assert_true(beats(of_revision(2, FUTURE), of_revision(1, NOW)));
    assert_false(beats(of_revision(1, FUTURE), of_revision(2, NOW)));
}

static bson_t *
stored_of(sv_arena_t *arena, sv_record_t record, sv_record_receipt_t receipt)
{
    bson_t *document = sv_doc_new(arena);

    BSON_APPEND_UTF8(document, "item_code", record.item_code);
    BSON_APPEND_UTF8(document, "status", sv_record_statuses[record.status]);
    sv_doc_put_quantity(document, "verified_qty", record.verified_qty);
    sv_doc_put_quantity(document, "damage_qty", record.damage_qty);
    sv_doc_put_quantity(document, "non_returnable_damaged_qty", record.non_returnable_damaged_qty);
    BSON_APPEND_INT64(document, "order", record.order);
    BSON_APPEND_DATE_TIME(document, "updated_at", record.updated_at);
    BSON_APPEND_DATE_TIME(document, "changed_at", receipt.receipt_ms);
    BSON_APPEND_DATE_TIME(document, "received_at",
                          receipt.stored != NULL ? sv_doc_time(receipt.stored, "received_at") : receipt.receipt_ms);
    sv_record_append_clock(document, &record, &receipt);
    return document;
}

static void
a_stored_order_of_the_future_is_known(void **state)
{
    sv_record_receipt_t receipt = { .receipt_ms = NOW };
    bson_t *before = sv_doc_new(*state);

    assert_false(sv_stored_order_is_suspect(stored_of(*state, made_at(NOW), receipt)));
    assert_true(sv_stored_order_is_suspect(stored_of(*state, made_at(FUTURE), receipt)));
    assert_false(sv_stored_order_is_suspect(stored_of(*state, of_revision(4, FUTURE), receipt)));
    /* Stored by the version before, without a mark. */
    BSON_APPEND_INT64(before, "order", FUTURE);
    BSON_APPEND_DATE_TIME(before, "updated_at", FUTURE);
    BSON_APPEND_DATE_TIME(before, "changed_at", NOW);
    assert_true(sv_stored_order_is_suspect(before));
}

static void
a_clock_is_suspect_ten_minutes_ahead_or_thirty_days_behind(void **state)
{
    static const struct {
        int64_t updated_at;
        bool suspect;
    } cases[] = { { NOW, false },
                  { NOW + 10 * MINUTE, false },
                  { NOW + 10 * MINUTE + 1, true },
                  { NOW - 30 * DAY, false },
                  { NOW - 30 * DAY - 1, true },
                  { -1, true },
                  { FUTURE, true } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bson_t *document = stored_of(*state, made_at(cases[i].updated_at), (sv_record_receipt_t){ .receipt_ms = NOW });

        assert_int_equal(sv_doc_bool(document, "clock_suspect"), cases[i].suspect);
    }
}

static int64_t
counted_at(sv_arena_t *arena, int64_t updated_at, sv_record_receipt_t receipt)
{
    return sv_doc_time(stored_of(arena, made_at(updated_at), receipt), "counted_at");
}

static void
counted_at_is_the_phones_time_by_the_servers_clock(void **state)
{
    sv_record_receipt_t receipt = { .receipt_ms = NOW, .started_ms = NOW - 60 * MINUTE };

    assert_int_equal(counted_at(*state, NOW - 5 * MINUTE, receipt), NOW - 5 * MINUTE);
    assert_int_equal(counted_at(*state, FUTURE, receipt), NOW);
    assert_int_equal(counted_at(*state, NOW - DAY, receipt), NOW - 60 * MINUTE);
    receipt.has_sent_at = true;
    receipt.sent_at_ms = FUTURE;
    assert_int_equal(counted_at(*state, FUTURE - 7 * MINUTE, receipt), NOW - 7 * MINUTE);
    assert_int_equal(counted_at(*state, FUTURE + MINUTE, receipt), NOW);
    assert_int_equal(counted_at(*state, FUTURE - DAY, receipt), NOW - 60 * MINUTE);
}

static void
an_edit_of_a_remark_is_no_counting(void **state)
{
    sv_record_receipt_t receipt = { .receipt_ms = NOW }, later = { .receipt_ms = NOW + 9 * MINUTE };
    sv_record_t edit = made_at(NOW + 8 * MINUTE);

    later.stored = stored_of(*state, made_at(NOW), receipt);
    assert_int_equal(sv_doc_time(stored_of(*state, edit, later), "counted_at"), NOW);
    edit.damage_qty = SV_QUANTITY_ONE;
    assert_int_equal(sv_doc_time(stored_of(*state, edit, later), "counted_at"), NOW + 8 * MINUTE);
    edit.damage_qty = 0;
    edit.status = SV_RECORD_VOID;
    assert_int_equal(sv_doc_time(stored_of(*state, edit, later), "counted_at"), NOW + 8 * MINUTE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_plausible_order_beats_one_of_the_future),
        cmocka_unit_test(a_revision_is_never_suspect),
        cmocka_unit_test(a_stored_order_of_the_future_is_known),
        cmocka_unit_test(a_clock_is_suspect_ten_minutes_ahead_or_thirty_days_behind),
        cmocka_unit_test(counted_at_is_the_phones_time_by_the_servers_clock),
        cmocka_unit_test(an_edit_of_a_remark_is_no_counting),
    };

    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
