/* Whole days on times: which rows a bare date means, in which zone, with every operator; and bounds the wrong way
 * round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/query/query_plan.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;
static sv_arena_t *arena;
static sv_error_t error;

static const json_t *
json_of(const char *text)
{
    char *quoted = sv_arena_strdup(arena, text);

    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return sv_json_parse_object(quoted, strlen(quoted), arena, &error);
}

static int64_t asked_at_ms; /* 0: now */

static sv_report_query_t *
settled(const char *text)
{
    sv_report_query_t *query;

    sv_error_clear(&error);
    query = sv_report_query_parse(json_of(text), arena, &error);
    if (query == NULL || sv_report_query_settle(real.store, query, NULL, asked_at_ms, arena, &error) != SV_OK) {
        fail_msg("%s: %s %s", text, error.detail_count > 0 ? error.details[0].field : "",
                 error.detail_count > 0 ? error.details[0].message : sv_status_code(error.status));
    }
    return query;
}

static sv_status_t
tell_id(void *context, const bson_t *row, sv_error_t *failed)
{
    sv_buffer_t *ids = context;

    (void) failed;
    sv_buffer_puts(ids, sv_doc_text(row, "client_record_id", arena));
    return SV_OK;
}

/* The ids of the records that a filter's operator and value leave. */
static void
expect_ids(const char *op, const char *value, const char *zone, const char *expected)
{
    sv_report_query_t *query = settled(sv_arena_printf(
        arena,
        "{'collection': 'verification_records', 'filters': [{'field': 'created_at', 'op': '%s', 'value': %s}],"
        " 'fields': ['client_record_id'] %s%s%s}",
        op, value, zone != NULL ? ", 'tz': '" : "", zone != NULL ? zone : "", zone != NULL ? "'" : ""));
    sv_report_run_t how = { 0 };
    sv_buffer_t ids;

    sv_buffer_init(&ids, arena, 64);
    sv_buffer_puts(&ids, "");
    assert_int_equal(sv_report_query_run(real.store, query, &how, tell_id, &ids, &error), SV_OK);
    if (strcmp(ids.data, expected) != 0) {
        fail_msg("%s %s in %s: %s, not %s", op, value, zone != NULL ? zone : "no zone", ids.data, expected);
    }
}

/* Around 8 March 2026, when Los Angeles sets its clocks forward: its day is 08:00Z to 07:00Z. */
static const struct {
    const char *id, *at;
} records[] = {
    { "a", "2026-03-08T00:00:00Z" },     { "b", "2026-03-08T07:59:59.999Z" }, { "c", "2026-03-08T08:00:00Z" },
    { "d", "2026-03-08T23:59:59.999Z" }, { "e", "2026-03-09T00:00:00Z" },     { "f", "2026-03-09T06:59:59.999Z" },
    { "g", "2026-03-09T07:00:00Z" },
};

static int
open_database(void **state)
{
    (void) state;
    if (!sv_real_mongodb_open(&real)) {
        return -1;
    }
    arena = real.arena;
    sv_error_init(&error, arena);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                       sv_arena_printf(arena,
                                       "{'client_record_id': '%s', 'item_code': 'I', 'warehouse': 'WEST',"
                                       " 'created_at': {'$date': '%s'}, 'verified_qty': {'$numberDecimal': '1'}}",
                                       records[i].id, records[i].at));
    }
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'z', 'item_code': 'I', 'warehouse': 'WEST'}"); /* without a time */
    return 0;
}

static int
close_database(void **state)
{
    (void) state;
    sv_real_mongodb_close(&real);
    return 0;
}

/* The same filter on other days: what it takes moves with them. */
static void
test_a_period_moves_with_the_day_of_asking(void **state)
{
    static const struct {
        const char *period, *at, *zone, *expected;
    } cases[] = {
        { "'today'", "2026-03-08T12:00:00Z", NULL, "abcd" },
        { "'today'", "2026-03-09T00:00:00Z", NULL, "efg" },
        { "'today'", "2026-03-09T06:00:00Z", "America/Los_Angeles", "cdef" },
        { "'yesterday'", "2026-03-09T12:00:00Z", NULL, "abcd" },
        { "'yesterday'", "2026-03-09T12:00:00Z", "America/Los_Angeles", "cdef" },
        { "'last_7_days'", "2026-03-09T12:00:00Z", NULL, "abcd" },
        { "'last_7_days'", "2026-03-16T12:00:00Z", NULL, "efg" },
        { "'last_7_days'", "2026-03-17T12:00:00Z", NULL, "" },
        { "'this_week'", "2026-03-08T12:00:00Z", NULL, "abcd" }, /* a Sunday */
        { "'this_week'", "2026-03-09T12:00:00Z", NULL, "efg" },
        { "'last_week'", "2026-03-09T12:00:00Z", NULL, "abcd" },
        { "'this_month'", "2026-03-31T23:59:59Z", NULL, "abcdefg" },
        { "'last_month'", "2026-04-01T00:00:00Z", NULL, "abcdefg" },
        { "'last_month'", "2026-03-31T23:59:59Z", NULL, "" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(sv_time_parse(cases[i].at, &asked_at_ms));
        expect_ids("period", cases[i].period, cases[i].zone, cases[i].expected);
    }
    asked_at_ms = 0;
    expect_ids("period", "'last_30_days'", NULL, ""); /* now is later than that */
}

static void
test_a_period_is_told_with_its_days(void **state)
{
    sv_report_query_t *query;
    const bson_t *stored;

    (void) state;
    assert_true(sv_time_parse("2026-03-09T12:00:00Z", &asked_at_ms));
    query = settled("{'collection': 'verification_records', 'tz': 'Asia/Kolkata',"
                    " 'filters': [{'field': 'created_at', 'op': 'period', 'value': 'last_7_days'}]}");
    assert_non_null(strstr(sv_report_query_describe(query, arena),
                           "falls into last 7 days (2026-03-02 to 2026-03-08) (days of Asia/Kolkata)"));
    stored = sv_report_query_to_bson(query, arena);
    assert_string_equal(sv_doc_text(stored, "filters.0.value", arena), "last_7_days"); /* so that it moves on */
    asked_at_ms = 0;
}

static void
test_a_date_is_its_whole_day(void **state)
{
    static const struct {
        const char *op, *value, *utc, *west;
    } cases[] = {
        { "eq", "'2026-03-08'", "abcd", "cdef" },
        { "ne", "'2026-03-08'", "efgz", "abgz" },
        { "lt", "'2026-03-08'", "", "ab" },
        { "lte", "'2026-03-08'", "abcd", "abcdef" },
        { "gt", "'2026-03-08'", "efg", "g" },
        { "gte", "'2026-03-08'", "abcdefg", "cdefg" },
        { "between", "['2026-03-08', '2026-03-08']", "abcd", "cdef" },
        { "between", "['2026-03-07', '2026-03-08']", "abcd", "abcdef" },
        { "between", "['2026-03-08', '2026-03-08T12:00:00Z']", "abc", "c" },
        { "between", "['2026-03-08T23:59:59.999Z', '2026-03-08']", "d", "def" },
        { "in", "['2026-03-08', '2026-03-09T07:00:00Z']", "abcdg", "cdefg" },
        { "nin", "['2026-03-08', '2026-03-09T07:00:00Z']", "efz", "abz" },
        /* instants are what they were */
        { "eq", "'2026-03-08T08:00:00Z'", "c", "c" },
        { "lte", "'2026-03-08T08:00:00Z'", "abc", "abc" },
        { "between", "['2026-03-08T00:00:00Z', '2026-03-08T08:00:00Z']", "abc", "abc" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_ids(cases[i].op, cases[i].value, NULL, cases[i].utc);
        expect_ids(cases[i].op, cases[i].value, "America/Los_Angeles", cases[i].west);
    }
}

static sv_status_t
tell_group(void *context, const bson_t *row, sv_error_t *failed)
{
    char text[SV_TIME_TEXT_SIZE];
    bson_iter_t iter;

    (void) failed;
    assert_true(bson_iter_init(&iter, row) && bson_iter_next(&iter));
    if (BSON_ITER_HOLDS_DATE_TIME(&iter)) {
        sv_time_format(bson_iter_date_time(&iter), text);
        text[10] = '\0';
    } else {
        strcpy(text, "null");
    }
    sv_buffer_printf(context, "%s:%lld ", text, (long long) sv_doc_int(row, "count"));
    return SV_OK;
}

static void
expect_groups(const char *members, const char *expected)
{
    sv_report_query_t *query = settled(
        sv_arena_printf(arena, "{'collection': 'verification_records', 'aggregations': ['count'], %s}", members));
    sv_report_run_t how = { 0 };
    sv_buffer_t groups;

    sv_buffer_init(&groups, arena, 64);
    sv_buffer_puts(&groups, "");
    assert_int_equal(sv_report_query_run(real.store, query, &how, tell_group, &groups, &error), SV_OK);
    assert_string_equal(groups.data, expected);
}

static void
test_groups_are_by_days_of_the_zone(void **state)
{
    (void) state;
    expect_groups("'group_by': [{'field': 'created_at', 'by': 'day'}]", "null:1 2026-03-08:4 2026-03-09:3 ");
    expect_groups("'group_by': [{'field': 'created_at', 'by': 'day'}], 'tz': 'America/Los_Angeles'",
                  "null:1 2026-03-07:2 2026-03-08:4 2026-03-09:1 ");
    expect_groups("'group_by': [{'field': 'created_at', 'by': 'week'}], 'tz': 'America/Los_Angeles'",
                  "null:1 2026-03-02:6 2026-03-09:1 ");
    expect_groups("'group_by': [{'field': 'created_at', 'by': 'month'}], 'tz': 'Asia/Kolkata'", "null:1 2026-03-01:7 ");
}

static void
test_the_warehouse_has_the_zone_unless_one_is_named(void **state)
{
    static const char of_west[] = "{'collection': 'verification_records', 'filters': [{'field': 'warehouse',"
                                  " 'op': 'eq', 'value': 'WEST'}, {'field': 'created_at', 'op': 'eq', 'value':"
                                  " '2026-03-08'}] %s}";
    sv_warehouse_change_t change = { .time_zone = "America/Los_Angeles" };
    sv_report_query_t *query;

    (void) state;
    assert_int_equal(sv_warehouse_set(real.store, "WEST", &change, &error), SV_OK);
    query = settled(sv_arena_printf(arena, of_west, ""));
    assert_string_equal(sv_report_query_zone(query), "America/Los_Angeles");
    assert_string_equal(sv_doc_text(sv_report_query_to_bson(query, arena), "tz", arena), "America/Los_Angeles");
    assert_non_null(strstr(sv_report_query_describe(query, arena), "Made at is 2026-03-08"));
    assert_non_null(strstr(sv_report_query_describe(query, arena), "(days of America/Los_Angeles)"));
    assert_string_equal(sv_report_query_zone(settled(sv_arena_printf(arena, of_west, ", 'tz': 'Asia/Tokyo'"))),
                        "Asia/Tokyo");
    sv_real_insert(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'count-west', 'warehouse': 'WEST'}");
    query = settled("{'collection': 'verification_records', 'filters': [{'field': 'count_id', 'op': 'eq', 'value':"
                    " 'count-west'}], 'group_by': [{'field': 'created_at', 'by': 'day'}]}");
    assert_string_equal(sv_report_query_zone(query), "America/Los_Angeles");
    /* Nothing depends on a zone: none is told. */
    assert_null(sv_report_query_zone(settled("{'collection': 'verification_records'}")));
}

static void
test_bounds_the_wrong_way_round_are_told(void **state)
{
    static const char *const reversed[] = {
        "'created_at', 'op': 'between', 'value': ['2026-03-10', '2026-03-01']",
        "'created_at', 'op': 'between', 'value': ['2026-03-10T00:00:00Z', '2026-03-01T00:00:00Z']",
        "'created_at', 'op': 'between', 'value': ['2026-03-10', '2026-03-01T00:00:00Z']",
        "'created_at', 'op': 'between', 'value': ['2026-03-10T08:00:00Z', '2026-03-09']",
        "'verified_qty', 'op': 'between', 'value': [2, 1.5]",
        "'round', 'op': 'between', 'value': [2, 1]",
        "'floor', 'op': 'between', 'value': ['b', 'a']",
        "'expiry_date', 'op': 'between', 'value': ['2026-03-10', '2026-03-01']",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(reversed) / sizeof(reversed[0]); i++) {
        sv_report_query_t *query;

        sv_error_clear(&error);
        query = sv_report_query_parse(
            json_of(sv_arena_printf(
                arena,
                "{'collection': 'verification_records', 'tz': 'America/Los_Angeles', 'filters': [{'field': %s}]}",
                reversed[i])),
            arena, &error);
        if (query != NULL) {
            sv_report_query_settle(real.store, query, NULL, 0, arena, &error);
        }
        if (error.status != SV_ERR_VALIDATION_FAILED) {
            fail_msg("%s: %s", reversed[i], sv_status_code(error.status));
        }
        assert_string_equal(error.details[0].field, "filters[0].value");
        assert_string_equal(error.details[0].code, "out_of_range");
    }
    sv_error_clear(&error);
    assert_null(
        sv_report_query_parse(json_of("{'collection': 'verification_records', 'tz': 'Mars/Base'}"), arena, &error));
    assert_string_equal(error.details[0].field, "tz");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_period_moves_with_the_day_of_asking),
        cmocka_unit_test(test_a_period_is_told_with_its_days),
        cmocka_unit_test(test_a_date_is_its_whole_day),
        cmocka_unit_test(test_groups_are_by_days_of_the_zone),
        cmocka_unit_test(test_the_warehouse_has_the_zone_unless_one_is_named),
        cmocka_unit_test(test_bounds_the_wrong_way_round_are_told),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, open_database, close_database) : 0;
}
