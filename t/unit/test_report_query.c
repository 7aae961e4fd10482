/* Report queries: what is refused, and what becomes of the rest in MongoDB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/query/query_cursor.h"
#include "core/store/document.h"
#include "t/unit/query_texts.h"
#include "t/unit/real_mongodb.h"

/* ---- what is refused */

static void
test_refusals(void **state)
{
    static const struct {
        const char *query, *field, *code;
    } cases[] = {
        { "{}", "collection", "required" },
        { "{'collection': 7}", "collection", "wrong_type" },
        { "{'collection': 'users'}", "collection", "not_allowed" },
        { "{'collection': 'erp_items', 'filters': 1}", "filters", "wrong_type" },
        { "{'collection': 'erp_items', 'filters': ['x']}", "filters[0]", "wrong_type" },
        { "{'collection': 'erp_items', 'filters': [{}]}", "filters[0].field", "required" },
        { "{'collection': 'erp_items', 'filters': [{'field': '$where', 'op': 'eq', 'value': 'x'}]}", "filters[0].field",
          "not_allowed" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name.x', 'op': 'eq', 'value': 'x'}]}",
          "filters[0].field", "not_allowed" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': '$where', 'value': 'x'}]}",
          "filters[0].op", "not_allowed" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'eq', 'value': {'$gt': ''}}]}",
          "filters[0].value", "wrong_type" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'eq'}]}", "filters[0].value",
          "required" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'in', 'value': 'x'}]}",
          "filters[0].value", "wrong_type" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'in', 'value': []}]}",
          "filters[0].value", "too_short" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'in', 'value': ['a', {'$ne': 1}]}]}",
          "filters[0].value[1]", "wrong_type" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'stock_qty', 'op': 'between', 'value': [1]}]}",
          "filters[0].value", "too_short" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'stock_qty', 'op': 'between', 'value': [1, 2, 3]}]}",
          "filters[0].value", "too_long" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'stock_qty', 'op': 'contains', 'value': '1'}]}",
          "filters[0].op", "not_allowed" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'stock_qty', 'op': 'eq', 'value': 0.0000001}]}",
          "filters[0].value", "not_exact" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'verified', 'op': 'gt', 'value': true}]}", "filters[0].op",
          "not_allowed" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'updated_at', 'op': 'gt', 'value': 'yesterday'}]}",
          "filters[0].value", "invalid_format" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'contains', 'value': ''}]}",
          "filters[0].value", "too_short" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'exists', 'value': 'yes'}]}",
          "filters[0].value", "wrong_type" },
        { "{'collection': 'erp_items', 'fields': ['item_name', 'password_hash']}", "fields[1].field", "not_allowed" },
        { "{'collection': 'erp_items', 'group_by': ['barcodes']}", "group_by[0].field", "not_allowed" },
        { "{'collection': 'erp_items', 'group_by': ['category', 'category']}", "group_by[1].field", "duplicate" },
        { "{'collection': 'erp_items', 'group_by': [{'field': 'category', 'by': 'day'}]}", "group_by[0].by",
          "not_allowed" },
        { "{'collection': 'erp_items', 'group_by': [{'field': 'updated_at', 'by': 'hour'}]}", "group_by[0].by",
          "not_allowed" },
        { "{'collection': 'erp_items', 'group_by': ['category'], 'fields': ['item_name']}", "fields", "not_allowed" },
        { "{'collection': 'erp_items', 'aggregations': [{'op': 'sum'}]}", "aggregations[0].field", "required" },
        { "{'collection': 'erp_items', 'aggregations': [{'op': 'sum', 'field': 'item_name'}]}", "aggregations[0].op",
          "not_allowed" },
        { "{'collection': 'erp_items', 'aggregations': [{'op': 'function', 'field': 'item_name'}]}",
          "aggregations[0].op", "not_allowed" },
        { "{'collection': 'erp_items', 'aggregations': [{'op': 'count', 'field': 'item_name'}]}",
          "aggregations[0].field", "not_allowed" },
        { "{'collection': 'erp_items', 'aggregations': ['count', 'count']}", "aggregations[1].op", "duplicate" },
        { "{'collection': 'erp_items', 'aggregations': [{'op': 'count_distinct', 'field': 'category'},"
          " {'op': 'count_distinct', 'field': 'warehouse'}]}",
          "aggregations[1].op", "not_allowed" },
        { "{'collection': 'erp_items', 'sort': ['barcodes']}", "sort[0].field", "not_allowed" },
        { "{'collection': 'erp_items', 'sort': [{'field': 'item_name', 'direction': 'up'}]}", "sort[0].direction",
          "not_allowed" },
        { "{'collection': 'erp_items', 'group_by': ['category'], 'sort': ['stock_qty']}", "sort[0].field",
          "not_allowed" },
        { "{'collection': 'verification_records', 'filters': [{'field': 'created_at', 'op': 'period', 'value':"
          " 'someday'}]}",
          "filters[0].value", "not_allowed" },
        { "{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'period', 'value': 'today'}]}",
          "filters[0].op", "not_allowed" },
        { "{'collection': 'erp_items', 'limit': 0}", "limit", "out_of_range" },
        { "{'collection': 'erp_items', 'limit': 'all'}", "limit", "wrong_type" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_error_clear(&query_error);
        if (sv_report_query_parse(query_json(cases[i].query), query_arena, &query_error) != NULL) {
            fail_msg("%s is taken", cases[i].query);
        }
        assert_int_equal(query_error.status, SV_ERR_VALIDATION_FAILED);
        assert_true(query_error.detail_count > 0);
        if (strcmp(query_error.details[0].field, cases[i].field) != 0 ||
            strcmp(query_error.details[0].code, cases[i].code) != 0) {
            fail_msg("%s: %s %s", cases[i].query, query_error.details[0].field, query_error.details[0].code);
        }
    }
}

static void
test_lists_are_bounded(void **state)
{
    sv_buffer_t text;

    (void) state;
    sv_buffer_init(&text, query_arena, 1 << 16);
    sv_buffer_puts(&text, "{'collection': 'erp_items', 'filters': [{'field': 'item_code', 'op': 'in', 'value': [");
    for (int i = 0; i < SV_QUERY_MAX_VALUES + 1; i++) {
        sv_buffer_printf(&text, "%s'%d'", i == 0 ? "" : ",", i);
    }
    sv_buffer_puts(&text, "]}]}");
    assert_null(sv_report_query_parse(query_json(text.data), query_arena, &query_error));
    assert_string_equal(query_error.details[0].code, "too_long");
}

/* Errors inside another object are named by their whole path. */
static void
test_paths_of_what_is_wrong(void **state)
{
    const json_t *body = query_json("{'query': {'collection': 'erp_items', 'sort': [{'field': 'nothing'}]}}");
    sv_json_fields_t fields = { .object = json_object_get(body, "query"), .path = "query", .error = &query_error };

    (void) state;
    assert_null(sv_report_query_read(&fields, query_arena));
    assert_string_equal(query_error.details[0].field, "query.sort[0].field");
}

/* ---- what is kept */

static void
same_again(const char *text)
{
    sv_report_query_t *query = query_parse(text), *again;
    const bson_t *stored = sv_report_query_to_bson(query, query_arena);

    again = sv_report_query_from_bson(stored, query_arena, &query_error);
    if (again == NULL) {
        fail_msg("%s: %s %s", text, query_error.details[0].field, query_error.details[0].message);
    }
    assert_true(bson_equal(stored, sv_report_query_to_bson(again, query_arena)));
    assert_true(bson_equal(sv_report_query_pipeline(query, 7, true, query_arena),
                           sv_report_query_pipeline(again, 7, true, query_arena)));
    assert_string_equal(sv_report_query_describe(query, query_arena), sv_report_query_describe(again, query_arena));
}

static void
test_a_query_is_kept(void **state)
{
    (void) state;
    same_again("{'collection': 'erp_items'}");
    same_again("{'collection': 'erp_items', 'fields': ['item_name', 'stock_qty'], 'limit': 12,"
               " 'sort': [{'field': 'stock_qty', 'direction': 'desc'}, 'item_name'],"
               " 'filters': [{'field': 'stock_qty', 'op': 'gte', 'value': -12.000001},"
               "  {'field': 'updated_at', 'op': 'between', 'value': ['1970-01-01', '2026-01-05T08:00:00.123+05:30']},"
               "  {'field': 'item_name', 'op': 'contains', 'value': 'a.*(b'},"
               "  {'field': 'verified', 'op': 'eq', 'value': true},"
               "  {'field': 'category', 'op': 'nin', 'value': ['x', 'y\\n$z']},"
               "  {'field': 'verified_by', 'op': 'exists', 'value': false}]}");
    same_again("{'collection': 'verification_records',"
               " 'group_by': [{'field': 'created_at', 'by': 'week'}, 'item_category', 'expiry_date'],"
               " 'aggregations': ['count', {'op': 'avg', 'field': 'verified_qty'},"
               "  {'op': 'count_distinct', 'field': 'item_code'}],"
               " 'filters': [{'field': 'round', 'op': 'in', 'value': [1, 2, 9223372036854775807]},"
               "  {'field': 'mfg_date', 'op': 'lt', 'value': '2026-02-28'}],"
               " 'sort': [{'field': 'avg_verified_qty', 'direction': 'desc'}]}");
}

static void
test_a_query_in_words(void **state)
{
    (void) state;
    assert_string_equal(
        sv_report_query_describe(query_parse("{'collection': 'verification_records', 'group_by': ['item_category',"
                                             " {'field': 'created_at', 'by': 'day'}], 'filters': [{'field': 'floor',"
                                             " 'op': 'eq', 'value': 'Ground'}, {'field': 'verified_qty', 'op': 'gte',"
                                             " 'value': 2.5}, {'field': 'item_code', 'op': 'in',"
                                             " 'value': ['a', 'b', 'c', 'd', 'e', 'f', 'g']}], 'limit': 10,"
                                             " 'sort': [{'field': 'count', 'direction': 'desc'}]}"),
                                 query_arena),
        "Records where Floor is Ground and Verified quantity is at least 2.5 and Item code is one of a, b, c, d, e and "
        "2 more, by Item's category and Day of Made at, in the order of Number descending, the first 10");
    assert_string_equal(
        sv_report_query_describe(query_parse("{'collection': 'verification_records', 'group_by': ['floor'], 'filters':"
                                             " [{'field': 'floor', 'op': 'eq', 'value': 'Ground'}], 'aggregations':"
                                             " [{'op': 'avg', 'field': 'damage_qty'}]}"),
                                 query_arena),
        "Records that count where Floor is Ground, by Floor");
}

/* ---- what becomes of it */

static void
expect_filter(const char *query, const char *filter_json)
{
    bson_t *expected = sv_real_json(query_arena, filter_json);
    bson_t *filter = sv_report_query_filter(query_parse(query), query_arena);

    if (!bson_equal(filter, expected)) {
        fail_msg("%s: %s", query, bson_as_canonical_extended_json(filter, NULL));
    }
}

/* A snapshot is no way out of the server's own limit. */
static void
test_who_is_too_slow_is_told_what_to_do(void **state)
{
    const sv_report_query_t *query = query_parse("{'collection': 'verification_sessions'}");

    (void) state;
    assert_int_equal(sv_report_too_slow(query, 5000, &query_error), SV_ERR_QUERY_TOO_SLOW);
    assert_non_null(strstr(query_error.message, "longer than 5 s. "));
    assert_non_null(strstr(query_error.message, "session_id, count_id, user_id, status, or take a snapshot"));
    assert_int_equal(sv_report_too_slow(query, 0, &query_error), SV_ERR_QUERY_TOO_SLOW);
    assert_non_null(strstr(query_error.message, "longer than the MongoDB server allows. "));
    assert_null(strstr(query_error.message, "snapshot"));
    sv_error_clear(&query_error);
}

static void
test_filters(void **state)
{
    (void) state;
    expect_filter("{'collection': 'erp_items'}", "{}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'stock_qty', 'op': 'gt', 'value': 1.5}]}",
                  "{'stock_qty': {'$gt': {'$numberDecimal': '1.5'}}}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'eq', 'value': '$where'}]}",
                  "{'item_name': {'$eq': '$where'}}");
    expect_filter("{'collection': 'sessions', 'filters': [{'field': 'count_id', 'op': 'in', 'value': ['{', '$ne']}]}",
                  "{'session_id': {'$in': ['{', '$ne']}}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'contains',"
                  " 'value': '(a+)+$.*[x'}]}",
                  "{'item_name': {'$regularExpression': {'pattern': '\\\\(a\\\\+\\\\)\\\\+\\\\$\\\\.\\\\*\\\\[x',"
                  " 'options': 'i'}}}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'item_name', 'op': 'starts_with',"
                  " 'value': '^a'}]}",
                  "{'item_name': {'$regularExpression': {'pattern': '^\\\\^a', 'options': ''}}}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'verified_at', 'op': 'exists', 'value': true},"
                  " {'field': 'barcode', 'op': 'exists', 'value': false}]}",
                  "{'verified_at': {'$ne': null}, 'barcode': {'$eq': null}}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'updated_at', 'op': 'between',"
                  " 'value': ['2026-01-05', '2026-01-05T01:00:00Z']}]}",
                  "{'updated_at': {'$gte': {'$date': '2026-01-05T00:00:00Z'}, '$lte': {'$date':"
                  " '2026-01-05T01:00:00Z'}}}");
    expect_filter("{'collection': 'erp_items', 'filters': [{'field': 'stock_qty', 'op': 'gt', 'value': 1},"
                  " {'field': 'stock_qty', 'op': 'lt', 'value': 2}]}",
                  "{'stock_qty': {'$gt': {'$numberDecimal': '1'}}, '$and': [{'stock_qty': {'$lt':"
                  " {'$numberDecimal': '2'}}}]}");
    /* Of linked documents: behind the link, not before it. */
    expect_filter("{'collection': 'verification_records', 'filters': [{'field': 'zone', 'op': 'eq', 'value': 'Z'},"
                  " {'field': 'floor', 'op': 'eq', 'value': 'F'}]}",
                  "{'floor': {'$eq': 'F'}}");
    /* Figures that count, unless the query says which it means. */
    expect_filter(
        "{'collection': 'verification_records', 'filters': [{'field': 'floor', 'op': 'eq', 'value': 'F'}],"
        " 'aggregations': [{'op': 'sum', 'field': 'verified_qty'}]}",
        "{'floor': {'$eq': 'F'}, '$and': [{'$nor': [{'counts': false}, {'status': 'void'}, {'superseded': true}]}]}");
    expect_filter("{'collection': 'verification_records', 'filters': [{'field': 'damage_qty', 'op': 'gt', 'value': 1},"
                  " {'field': 'damage_qty', 'op': 'lt', 'value': 2}], 'aggregations': [{'op': 'sum', 'field':"
                  " 'verified_qty'}]}",
                  "{'damage_qty': {'$gt': {'$numberDecimal': '1'}}, '$and': [{'damage_qty': {'$lt': {'$numberDecimal':"
                  " '2'}}}, {'$nor': [{'counts': false}, {'status': 'void'}, {'superseded': true}]}]}");
    expect_filter("{'collection': 'verification_records', 'filters': [{'field': 'standing', 'op': 'eq', 'value':"
                  " 'replaced'}], 'aggregations': [{'op': 'sum', 'field': 'verified_qty'}]}",
                  "{'standing': {'$eq': 'replaced'}}");
    expect_filter("{'collection': 'verification_records', 'aggregations': ['count', {'op': 'max', 'field':"
                  " 'created_at'}]}",
                  "{}");
    expect_filter("{'collection': 'verification_records', 'fields': ['verified_qty', 'counts']}", "{}");
}

static void
test_what_is_read(void **state)
{
    sv_report_query_t *query =
        query_parse("{'collection': 'verification_records', 'fields': ['item_name', 'zone', 'floor'],"
                    " 'sort': [{'field': 'floor', 'direction': 'desc'}], 'limit': 5}");
    bson_t *options = sv_report_query_find_options(query, 5, query_arena);

    (void) state;
    assert_false(sv_report_query_needs_pipeline(query));
    assert_true(bson_equal(options, sv_real_json(query_arena, "{'projection': {'_id': 0, 'client_record_id': 1,"
                                                              " 'item_code': 1, 'rack_id': 1, 'floor': 1},"
                                                              " 'sort': {'floor': -1, 'client_record_id': 1},"
                                                              " 'batchSize': 1000, 'limit': {'$numberLong': '5'}}")));
    /* A linked field in the order: MongoDB follows the link. */
    query = query_parse("{'collection': 'verification_records', 'fields': ['item_name'], 'sort': ['item_name']}");
    assert_true(sv_report_query_needs_pipeline(query));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_lists_are_bounded, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_paths_of_what_is_wrong, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_a_query_is_kept, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_a_query_in_words, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_who_is_too_slow_is_told_what_to_do, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_filters, query_texts_open, query_texts_close),
        cmocka_unit_test_setup_teardown(test_what_is_read, query_texts_open, query_texts_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
