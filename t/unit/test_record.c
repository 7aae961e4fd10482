#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json_reader.h"
#include "core/store/document.h"
#include "core/sync/record.h"
#include "core/sync/record_form.h"
#include "core/sync/record_read.h"
#include "core/sync/record_same.h"

/* A record of every member; tests lay other members over it. */
static const char whole[] =
    "{\"client_record_id\":\"r1\",\"session_id\":\"s1\",\"rack_id\":\"R1\",\"floor\":\"F1\",\"item_code\":\"ITM-1\","
    "\"verified_qty\":12.5,\"damage_qty\":1,\"non_returnable_damaged_qty\":0.000001,\"status\":\"finalized\","
    "\"partial\":true,\"revision\":3,\"created_at\":\"2026-01-05T08:00:00.250Z\",\"updated_at\":\"2026-01-05T09:00:"
    "00Z\","
    "\"serial_numbers\":[\"A\",\"B\"],\"condition\":\"good\",\"mfg_date\":\"2025-12-01\",\"expiry_date\":\"2027-12-"
    "01\","
    "\"lot\":\"L1\",\"mrp\":99.99,\"uom\":\"pcs\",\"category\":\"c\",\"subcategory\":\"d\",\"damage_reason\":\"wet\","
    "\"variance_reason\":\"x\",\"variance_confirmed\":true,\"correction_reason\":\"y\",\"remark\":\"two\\nlines\","
    "\"photo_proofs\":[\"p1\"],\"of_no_interest\":{\"$where\":1}}";

static int
setup(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
teardown(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

/* Reads `whole` with the members of `over` ("name": value, without braces) laid over it; a null removes one. */
static sv_record_t
read_over(sv_arena_t *arena, const char *over)
{
    sv_error_t error;
    sv_record_reader_t reader;
    sv_record_t record;
    json_t *value;
    char *text = sv_arena_printf(arena, "{%s}", over);
    const json_t *laid;

    sv_error_init(&error, arena);
    value = (json_t *) sv_json_parse_object(whole, sizeof(whole) - 1, arena, &error);
    laid = sv_json_parse_object(text, strlen(text), arena, &error);
    assert_non_null(value);
    assert_non_null(laid);
    json_object_update(value, (json_t *) laid);
    sv_record_reader_init(&reader, arena);
    sv_record_read(&reader, value, 0, &record);
    return record;
}

static void
every_member_is_read(void **state)
{
    sv_record_t record = read_over(*state, "");

    assert_null(record.fault.code);
    assert_string_equal(record.client_record_id, "r1");
    assert_string_equal(record.session_id, "s1");
    assert_string_equal(record.item_code, "ITM-1");
    assert_int_equal(record.verified_qty, 12500000);
    assert_int_equal(record.damage_qty, 1000000);
    assert_int_equal(record.non_returnable_damaged_qty, 1);
    assert_int_equal(record.status, SV_RECORD_FINALIZED);
    assert_true(record.partial);
    assert_int_equal(record.order, 3);
    assert_int_equal(record.serial_numbers.count, 2);
    assert_string_equal(record.serial_numbers.items[1], "B");
    assert_string_equal(record.condition, "good");
    assert_string_equal(record.mfg_date, "2025-12-01");
    assert_int_equal(record.mrp, 99990000);
    assert_string_equal(record.remark, "two\nlines");
    assert_string_equal(record.photo_proofs.items[0], "p1");
}

static void
updated_at_orders_edits_without_a_revision(void **state)
{
    sv_record_t record = read_over(*state, "\"revision\":null");

    assert_null(record.fault.code);
    assert_int_equal(record.order, INT64_C(1767603600000));
}

static void
a_fault_names_member_and_kind(void **state)
{
    static const struct {
        const char *over, *field, *code;
    } cases[] = {
        { "\"client_record_id\":null", "client_record_id", "required" },
        { "\"client_record_id\":7", "client_record_id", "wrong_type" },
        { "\"client_record_id\":\"\"", "client_record_id", "too_short" },
        { "\"client_record_id\":\" \\u200b\"", "client_record_id", "too_short" },
        { "\"client_record_id\":\"a\\tb\"", "client_record_id", "invalid_text" },
        { "\"session_id\":[]", "session_id", "wrong_type" },
        { "\"item_code\":null", "item_code", "required" },
        { "\"unknown_item_id\":\"u\"", "unknown_item_id", "not_allowed" },
        { "\"verified_qty\":null", "verified_qty", "required" },
        { "\"verified_qty\":\"5\"", "verified_qty", "wrong_type" },
        { "\"verified_qty\":-1", "verified_qty", "negative" },
        { "\"verified_qty\":0.0000001", "verified_qty", "not_exact" },
        { "\"verified_qty\":1000000000", "verified_qty", "out_of_range" },
        { "\"damage_qty\":true", "damage_qty", "wrong_type" },
        { "\"status\":\"done\"", "status", "not_allowed" },
        { "\"partial\":1", "partial", "wrong_type" },
        { "\"revision\":1.5", "revision", "wrong_type" },
        { "\"revision\":-1", "revision", "out_of_range" },
        { "\"created_at\":\"yesterday\"", "created_at", "invalid_format" },
        { "\"updated_at\":1767603600", "updated_at", "wrong_type" },
        { "\"updated_at\":\"2026-02-30T00:00:00Z\"", "updated_at", "invalid_format" },
        { "\"serial_numbers\":\"A\"", "serial_numbers", "wrong_type" },
        { "\"serial_numbers\":[\"A\",1]", "serial_numbers[1]", "wrong_type" },
        { "\"serial_numbers\":[\"A\",\"B\",\"A\"]", "serial_numbers[2]", "duplicate_in_record" },
        { "\"serial_numbers\":[\"sn-1\",\"SN-1\"]", "serial_numbers[1]", "duplicate_in_record" },
        { "\"serial_numbers\":[\"A\",\"\\u200eA\"]", "serial_numbers[1]", "duplicate_in_record" },
        { "\"item_code\":\"\"", "item_code", "required" },
        { "\"condition\":\"fine\"", "condition", "not_allowed" },
        { "\"mfg_date\":\"2026-01\"", "mfg_date", "invalid_format" },
        { "\"remark\":\"bell \\u0007\"", "remark", "invalid_text" },
        { "\"photo_proofs\":{}", "photo_proofs", "wrong_type" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_record_t record = read_over(*state, cases[i].over);

        assert_true(record.malformed);
        assert_non_null(record.fault.code);
        assert_string_equal(record.fault.code, cases[i].code);
        assert_string_equal(record.fault.field, cases[i].field);
        assert_true(strlen(record.fault.message) > 0);
    }
}

static char *
serial_list(sv_arena_t *arena, int count, const char *last)
{
    sv_buffer_t text;

    sv_buffer_init(&text, arena, 4096);
    sv_buffer_puts(&text, "\"serial_numbers\":[");
    for (int i = 0; i < count; i++) {
        sv_buffer_printf(&text, "\"S%d\",", i);
    }
    sv_buffer_printf(&text, "\"%s\"]", last);
    return text.data;
}

static void
serial_numbers_are_bounded_and_unique(void **state)
{
    sv_record_t record = read_over(*state, serial_list(*state, SV_RECORD_MAX_SERIALS - 1, "last"));

    assert_null(record.fault.code);
    assert_int_equal(record.serial_numbers.count, SV_RECORD_MAX_SERIALS);
    record = read_over(*state, serial_list(*state, SV_RECORD_MAX_SERIALS, "last"));
    assert_string_equal(record.fault.code, "too_many_serials");
    record = read_over(*state, serial_list(*state, 500, "S250"));
    assert_string_equal(record.fault.code, "duplicate_in_record");
    assert_string_equal(record.fault.field, "serial_numbers[500]");
}

static void
equal_content_has_an_equal_hash(void **state)
{
    sv_record_t record = read_over(*state, "");
    /* Said by the session, by another spelling, or by its absence: the same content. */
    static const char *const same[] = { "\"rack_id\":null",
                                        "\"floor\":\"F9\"",
                                        "\"verified_qty\":12.50",
                                        "\"created_at\":\"2026-01-05T13:30:00.25+05:30\"",
                                        "\"other\":1",
                                        "\"serial_numbers\":[\"B\",\"A\"]",
                                        "\"serial_numbers\":[\"a\",\"B \"]",
                                        "\"revision\":3.0",
                                        "\"damage_qty\":1.0",
                                        "\"unknown_item_id\":\"\"",
                                        "\"item_code\":\"\\ufeffITM\\u200e-1\\u00a0\"" };
    /* What is absent, null or "" says the same: nothing. */
    static const char *const empty[][2] = {
        { "\"mfg_date\":null", "\"mfg_date\":\"\"" },
        { "\"remark\":null", "\"remark\":\" \\n\"" },
        { "\"lot\":null", "\"lot\":\"\"" },
        { "\"condition\":null", "\"condition\":\"\"" },
        { "\"damage_qty\":null", "\"damage_qty\":\"\"" },
        { "\"revision\":null", "\"revision\":\"\"" },
        { "\"serial_numbers\":null", "\"serial_numbers\":[]" },
        { "\"serial_numbers\":null", "\"serial_numbers\":\"\"" },
        { "\"partial\":null", "\"partial\":false" },
    };
    static const char *const different[] = { "\"verified_qty\":12.500001",
                                             "\"damage_qty\":0",
                                             "\"status\":\"partial\"",
                                             "\"remark\":null",
                                             "\"remark\":\"\"",
                                             "\"serial_numbers\":[\"AB\"]",
                                             "\"updated_at\":\"2026-01-05T09:00:00.001Z\"",
                                             "\"revision\":4" };

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_string_equal(read_over(*state, same[i]).content_hash, record.content_hash);
    }
    for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++) {
        assert_string_not_equal(read_over(*state, different[i]).content_hash, record.content_hash);
    }
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        sv_record_t one = read_over(*state, empty[i][0]), other = read_over(*state, empty[i][1]);

        assert_null(other.fault.code);
        assert_string_equal(one.content_hash, other.content_hash);
    }
    assert_string_equal(read_over(*state, "\"damage_qty\":0").content_hash,
                        read_over(*state, "\"damage_qty\":null").content_hash);
}

/* A hash of the version before, over the same members, in the order and the letters they were sent in. */
static void
a_hash_of_the_version_before_is_compared_by_members(void **state)
{
    static const char before[] = "48828f158c3ad59ef29a1fb05aa88cf61d93c141bc4c9eb8cc369e8cb7f420e6";
    sv_record_t record = read_over(*state, ""), reordered = read_over(*state, "\"serial_numbers\":[\"b\",\"A\"]"),
                other = read_over(*state, "\"verified_qty\":13");
    bson_t *stored = sv_doc_new(*state);

    sv_record_append_sent(stored, &record);
    assert_memory_equal(record.content_hash, "2:", 2);
    assert_true(sv_record_has_content(&record, before, NULL, *state));
    assert_false(sv_record_has_content(&reordered, before, NULL, *state));
    assert_true(sv_record_has_content(&reordered, before, stored, *state));
    assert_false(sv_record_has_content(&other, before, stored, *state));
    assert_true(sv_record_has_content(&reordered, record.content_hash, NULL, *state));
    assert_false(sv_record_has_content(&other, record.content_hash, stored, *state));
    assert_false(sv_record_has_content(&record, NULL, stored, *state));
}

static void
ids_of_uuid_form_are_the_same_in_capitals(void **state)
{
    sv_record_t record = read_over(*state, "\"client_record_id\":\"0190C3F2-1D2E-7A3B-8C4D-0123456789AB\""),
                other = read_over(*state, "\"client_record_id\":\"Phone-17:A\"");

    assert_string_equal(record.client_record_id, "0190c3f2-1d2e-7a3b-8c4d-0123456789ab");
    assert_string_equal(record.told_id, "0190C3F2-1D2E-7A3B-8C4D-0123456789AB");
    assert_string_equal(other.client_record_id, "Phone-17:A");
}

static void
a_kept_record_reads_as_it_was_sent(void **state)
{
    sv_record_t record = read_over(*state, ""), again;
    bson_t *kept = sv_doc_new(*state);

    sv_record_append_sent(kept, &record);
    assert_true(sv_record_from_sent(kept, *state, &again));
    assert_string_equal(again.content_hash, record.content_hash);
    assert_string_equal(again.rack_id, "R1");
    assert_int_equal(again.order, record.order);
}

static void
a_stored_record_hides_what_is_internal(void **state)
{
    sv_record_t record = read_over(*state, "");
    bson_t *stored = sv_doc_new(*state);
    sv_json_writer_t writer;
    sv_buffer_t text;
    sv_error_t error;
    const json_t *value;

    sv_record_append(stored, &record);
    sv_buffer_init(&text, *state, 256);
    sv_json_writer_init(&writer, &text);
    sv_record_write_json(&writer, stored);
    sv_error_init(&error, *state);
    value = sv_json_parse_object(text.data, text.length, *state, &error);
    assert_non_null(value);
    assert_null(json_object_get(value, "content_hash"));
    assert_null(json_object_get(value, "whole"));
    assert_true(json_real_value(json_object_get(value, "verified_qty")) == 12.5);
    assert_string_equal(json_string_value(json_object_get(value, "created_at")), "2026-01-05T08:00:00.250Z");
}

static void
members_may_stand_in_any_order(void **state)
{
    static const char mixed[] =
        "{\"updated_at\":\"2026-01-05T09:00:00Z\",\"status\":\"void\",\"verified_qty\":0,\"x\":0,\"item_code\":\"I\","
        "\"created_at\":\"2026-01-05T09:00:00Z\",\"session_id\":\"s\",\"client_record_id\":\"c\"}";
    sv_record_reader_t reader;
    sv_record_t first, second;
    sv_error_t error;
    const json_t *value;

    sv_error_init(&error, *state);
    sv_record_reader_init(&reader, *state);
    value = sv_json_parse_object(whole, sizeof(whole) - 1, *state, &error);
    sv_record_read(&reader, value, 0, &first);
    value = sv_json_parse_object(mixed, sizeof(mixed) - 1, *state, &error);
    sv_record_read(&reader, value, 1, &second);
    assert_null(first.fault.code);
    assert_null(second.fault.code);
    assert_true(sv_record_is_void(&second));
    assert_string_equal(second.client_record_id, "c");
    assert_int_equal(second.index, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_member_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(updated_at_orders_edits_without_a_revision, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fault_names_member_and_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(serial_numbers_are_bounded_and_unique, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_content_has_an_equal_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hash_of_the_version_before_is_compared_by_members, setup, teardown),
        cmocka_unit_test_setup_teardown(ids_of_uuid_form_are_the_same_in_capitals, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_record_reads_as_it_was_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stored_record_hides_what_is_internal, setup, teardown),
        cmocka_unit_test_setup_teardown(members_may_stand_in_any_order, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
