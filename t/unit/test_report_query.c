/* Report queries: what is refused, what becomes of the rest in MongoDB, and the rows that come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/query/point_in_time.h"
#include "core/report/query/query_cursor.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;
static sv_arena_t *arena;
static sv_error_t error;

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    return 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static const json_t *
json_of(const char *text)
{
    char *quoted = sv_arena_strdup(arena, text);
    const json_t *json;

    for (char *c = quoted; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    json = sv_json_parse_object(quoted, strlen(quoted), arena, &error);
    if (json == NULL) {
        fail_msg("%s: %s", quoted, error.message);
    }
    return json;
}

static sv_report_query_t *
parse(const char *text)
{
    sv_report_query_t *query;

    sv_error_clear(&error);
    query = sv_report_query_parse(json_of(text), arena, &error);
    if (query == NULL) {
        fail_msg("%s: %s %s", text, error.detail_count > 0 ? error.details[0].field : "",
                 error.detail_count > 0 ? error.details[0].message : sv_status_code(error.status));
    }
    return query;
}

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
        { "{'collection': 'erp_items', 'limit': 0}", "limit", "out_of_range" },
        { "{'collection': 'erp_items', 'limit': 'all'}", "limit", "wrong_type" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_error_clear(&error);
        if (sv_report_query_parse(json_of(cases[i].query), arena, &error) != NULL) {
            fail_msg("%s is taken", cases[i].query);
        }
        assert_int_equal(error.status, SV_ERR_VALIDATION_FAILED);
        assert_true(error.detail_count > 0);
        if (strcmp(error.details[0].field, cases[i].field) != 0 || strcmp(error.details[0].code, cases[i].code) != 0) {
            fail_msg("%s: %s %s", cases[i].query, error.details[0].field, error.details[0].code);
        }
    }
}

static void
test_lists_are_bounded(void **state)
{
    sv_buffer_t text;

    (void) state;
    sv_buffer_init(&text, arena, 1 << 16);
    sv_buffer_puts(&text, "{'collection': 'erp_items', 'filters': [{'field': 'item_code', 'op': 'in', 'value': [");
    for (int i = 0; i < SV_QUERY_MAX_VALUES + 1; i++) {
        sv_buffer_printf(&text, "%s'%d'", i == 0 ? "" : ",", i);
    }
    sv_buffer_puts(&text, "]}]}");
    assert_null(sv_report_query_parse(json_of(text.data), arena, &error));
    assert_string_equal(error.details[0].code, "too_long");
}

/* Errors inside another object are named by their whole path. */
static void
test_paths_of_what_is_wrong(void **state)
{
    const json_t *body = json_of("{'query': {'collection': 'erp_items', 'sort': [{'field': 'nothing'}]}}");
    sv_json_fields_t fields = { .object = json_object_get(body, "query"), .path = "query", .error = &error };

    (void) state;
    assert_null(sv_report_query_read(&fields, arena));
    assert_string_equal(error.details[0].field, "query.sort[0].field");
}

/* ---- what is kept */

static void
same_again(const char *text)
{
    sv_report_query_t *query = parse(text), *again;
    const bson_t *stored = sv_report_query_to_bson(query, arena);

    again = sv_report_query_from_bson(stored, arena, &error);
    if (again == NULL) {
        fail_msg("%s: %s %s", text, error.details[0].field, error.details[0].message);
    }
    assert_true(bson_equal(stored, sv_report_query_to_bson(again, arena)));
    assert_true(
        bson_equal(sv_report_query_pipeline(query, 7, true, arena), sv_report_query_pipeline(again, 7, true, arena)));
    assert_string_equal(sv_report_query_describe(query, arena), sv_report_query_describe(again, arena));
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
        sv_report_query_describe(parse("{'collection': 'verification_records', 'group_by': ['item_category',"
                                       " {'field': 'created_at', 'by': 'day'}], 'filters': [{'field': 'floor',"
                                       " 'op': 'eq', 'value': 'Ground'}, {'field': 'verified_qty', 'op': 'gte',"
                                       " 'value': 2.5}, {'field': 'item_code', 'op': 'in',"
                                       " 'value': ['a', 'b', 'c', 'd', 'e', 'f', 'g']}], 'limit': 10,"
                                       " 'sort': [{'field': 'count', 'direction': 'desc'}]}"),
                                 arena),
        "Records where Floor is Ground and Verified quantity is at least 2.5 and Item code is one of a, b, c, d, e and "
        "2 more, by Item's category and Day of Counted at, in the order of Number descending, the first 10");
    assert_string_equal(
        sv_report_query_describe(parse("{'collection': 'verification_records', 'group_by': ['floor'], 'filters':"
                                       " [{'field': 'floor', 'op': 'eq', 'value': 'Ground'}], 'aggregations':"
                                       " [{'op': 'avg', 'field': 'damage_qty'}]}"),
                                 arena),
        "Records that count where Floor is Ground, by Floor");
}

/* ---- what becomes of it */

static void
expect_filter(const char *query, const char *filter_json)
{
    bson_t *expected = sv_real_json(arena, filter_json);
    bson_t *filter = sv_report_query_filter(parse(query), arena);

    if (!bson_equal(filter, expected)) {
        fail_msg("%s: %s", query, bson_as_canonical_extended_json(filter, NULL));
    }
}

/* A snapshot is no way out of the server's own limit. */
static void
test_who_is_too_slow_is_told_what_to_do(void **state)
{
    const sv_report_query_t *query = parse("{'collection': 'verification_sessions'}");

    (void) state;
    assert_int_equal(sv_report_too_slow(query, 5000, &error), SV_ERR_QUERY_TOO_SLOW);
    assert_non_null(strstr(error.message, "longer than 5 s. "));
    assert_non_null(strstr(error.message, "session_id, count_id, user_id, status, or take a snapshot"));
    assert_int_equal(sv_report_too_slow(query, 0, &error), SV_ERR_QUERY_TOO_SLOW);
    assert_non_null(strstr(error.message, "longer than the MongoDB server allows. "));
    assert_null(strstr(error.message, "snapshot"));
    sv_error_clear(&error);
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
    expect_filter("{'collection': 'verification_records', 'filters': [{'field': 'floor', 'op': 'eq', 'value': 'F'}],"
                  " 'aggregations': [{'op': 'sum', 'field': 'verified_qty'}]}",
                  "{'floor': {'$eq': 'F'}, 'counts': {'$in': [true, null]}, 'status': {'$ne': 'void'}, 'superseded':"
                  " {'$ne': true}}");
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
    sv_report_query_t *query = parse("{'collection': 'verification_records', 'fields': ['item_name', 'zone', 'floor'],"
                                     " 'sort': [{'field': 'floor', 'direction': 'desc'}], 'limit': 5}");
    bson_t *options = sv_report_query_find_options(query, 5, arena);

    (void) state;
    assert_false(sv_report_query_needs_pipeline(query));
    assert_true(bson_equal(options, sv_real_json(arena, "{'projection': {'_id': 0, 'client_record_id': 1,"
                                                        " 'item_code': 1, 'rack_id': 1, 'floor': 1},"
                                                        " 'sort': {'floor': -1, 'client_record_id': 1},"
                                                        " 'batchSize': 1000, 'limit': {'$numberLong': '5'}}")));
    /* A linked field in the order: MongoDB follows the link. */
    query = parse("{'collection': 'verification_records', 'fields': ['item_name'], 'sort': ['item_name']}");
    assert_true(sv_report_query_needs_pipeline(query));
}

/* ---- rows, from a real server */

static int
open_database(void **state)
{
    static const char *const items[] = {
        "{'item_code': 'I1', 'item_name': 'Soap', 'category': 'Care', 'barcodes': ['11', '12'], 'stock_qty':"
        " {'$numberDecimal': '10.5'}, 'unit_cost': {'$numberDecimal': '2'}, 'warehouse': 'W1'}",
        "{'item_code': 'I2', 'item_name': 'Tea (a+)+', 'category': 'Food', 'stock_qty': {'$numberDecimal': '-3'},"
        " 'warehouse': 'W1'}",
        "{'item_code': 'I3', 'item_name': 'tea leaves', 'category': null, 'verified': true, 'verified_at':"
        " {'$date': '2026-01-05T08:00:00.123Z'}, 'stock_qty': {'$numberDecimal': '0.000001'}, 'warehouse': 'W2'}",
    };
    static const char *const records[] = {
        "{'client_record_id': 'r1', 'item_code': 'I1', 'rack_id': 'A', 'floor': 'F1', 'round': {'$numberLong': '1'},"
        " 'verified_qty': {'$numberDecimal': '1'}, 'created_at': {'$date': '2026-01-05T23:59:59Z'}, 'status':"
        " 'finalized', 'mfg_date': '2025-12-31', 'serial_numbers': ['s1', 's2']}",
        "{'client_record_id': 'r2', 'item_code': 'I2', 'rack_id': 'B', 'floor': 'F1', 'round': {'$numberLong': '1'},"
        " 'verified_qty': {'$numberDecimal': '2.5'}, 'created_at': {'$date': '2026-01-06T00:00:00Z'}, 'status':"
        " 'finalized'}",
        "{'client_record_id': 'r3', 'item_code': 'I3', 'rack_id': 'B', 'floor': 'F2', 'round': {'$numberLong': '2'},"
        " 'verified_qty': {'$numberDecimal': '0.333333'}, 'created_at': {'$date': '2026-01-12T00:00:00Z'}, 'status':"
        " 'void', 'serial_numbers': []}",
        "{'client_record_id': 'r4', 'item_code': 'I1', 'rack_id': 'A', 'floor': null, 'round': {'$numberLong': '2'},"
        " 'verified_qty': {'$numberDecimal': '1'}, 'created_at': {'$date': '2026-02-01T10:00:00Z'}, 'status':"
        " 'finalized'}",
        "{'client_record_id': 'r5', 'rack_id': 'gone', 'round': {'$numberLong': '1'},"
        " 'verified_qty': {'$numberDecimal': '0'}, 'created_at': {'$date': '2026-02-02T10:00:00Z'}, 'status': "
        "'partial'}",
    };

    open_arena(state);
    if (!sv_real_mongodb_open(&real)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS, items[i]);
    }
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS, records[i]);
    }
    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'A', 'zone': 'Z1'}");
    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'B', 'zone': 'Z2'}");
    return 0;
}

static int
close_database(void **state)
{
    sv_real_mongodb_close(&real);
    return close_arena(state);
}

typedef struct {
    const sv_report_query_t *query;
    sv_json_writer_t w;
    sv_buffer_t text;
} told_t;

static sv_status_t
tell_row(void *context, const bson_t *row, sv_error_t *failed)
{
    told_t *told = context;
    size_t count;
    const sv_column_t *columns = sv_report_query_columns(told->query, &count);

    (void) failed;
    assert_int_equal(bson_count_keys(row), count);
    sv_row_write_json(&told->w, NULL, columns, count, row);
    return SV_OK;
}

static const char *
rows_of(const char *text, const sv_report_run_t *how)
{
    told_t told = { .query = parse(text) };

    sv_buffer_init(&told.text, arena, 1024);
    sv_json_writer_init(&told.w, &told.text);
    sv_json_array(&told.w, NULL);
    if (sv_report_query_run(real.store, told.query, how, tell_row, &told, &error) != SV_OK) {
        fail_msg("%s: %s", text, error.cause != NULL ? error.cause : error.message);
    }
    sv_json_end(&told.w);
    for (char *c = told.text.data; *c != '\0'; c++) {
        *c = *c == '"' ? '\'' : *c;
    }
    return told.text.data;
}

static void
expect_rows(const char *query, const char *rows)
{
    sv_report_run_t plain = { 0 }, at_once = { 0 };
    sv_point_in_time_t point;

    assert_string_equal(rows_of(query, &plain), rows);
    assert_int_equal(sv_point_in_time_begin(real.store, &point, &error), SV_OK);
    at_once.snapshot = point.session;
    assert_string_equal(rows_of(query, &at_once), rows);
    sv_point_in_time_end(&point);
}

static void
test_rows(void **state)
{
    (void) state;
    expect_rows("{'collection': 'erp_items', 'fields': ['item_code', 'stock_qty', 'verified', 'verified_at',"
                " 'barcodes', 'unit_cost']}",
                "[{'item_code':'I1','stock_qty':10.5,'verified':null,'verified_at':null,'barcodes':'11, 12',"
                "'unit_cost':2},{'item_code':'I2','stock_qty':-3,'verified':null,'verified_at':null,'barcodes':null,"
                "'unit_cost':null},{'item_code':'I3','stock_qty':0.000001,'verified':true,"
                "'verified_at':'2026-01-05T08:00:00.123Z','barcodes':null,'unit_cost':null}]");
    expect_rows("{'collection': 'erp_items', 'fields': ['item_code'], 'sort': [{'field': 'stock_qty', 'direction':"
                " 'desc'}], 'limit': 2}",
                "[{'item_code':'I1'},{'item_code':'I3'}]");
    expect_rows("{'collection': 'verification_records', 'fields': ['mfg_date', 'serial_numbers', 'round', 'floor'],"
                " 'limit': 1}",
                "[{'client_record_id':'r1','mfg_date':'2025-12-31','serial_numbers':'s1, s2','round':1,"
                "'floor':'F1'}]");
}

static void
expect_codes(const char *filter, const char *codes)
{
    const char *query =
        sv_arena_printf(arena, "{'collection': 'erp_items', 'fields': ['item_code'], 'filters': [%s]}", filter);
    sv_buffer_t rows;

    sv_buffer_init(&rows, arena, 64);
    sv_buffer_puts(&rows, "[");
    for (const char *c = codes; *c != '\0'; c++) {
        sv_buffer_printf(&rows, "%s{'item_code':'I%c'}", c == codes ? "" : ",", *c);
    }
    sv_buffer_puts(&rows, "]");
    expect_rows(query, rows.data);
}

static void
test_each_operator(void **state)
{
    (void) state;
    expect_codes("{'field': 'item_name', 'op': 'eq', 'value': 'Soap'}", "1");
    expect_codes("{'field': 'item_name', 'op': 'ne', 'value': 'Soap'}", "23");
    expect_codes("{'field': 'stock_qty', 'op': 'gt', 'value': 0.000001}", "1");
    expect_codes("{'field': 'stock_qty', 'op': 'gte', 'value': 0.000001}", "13");
    expect_codes("{'field': 'stock_qty', 'op': 'lt', 'value': 0}", "2");
    expect_codes("{'field': 'stock_qty', 'op': 'lte', 'value': -3}", "2");
    expect_codes("{'field': 'stock_qty', 'op': 'between', 'value': [-3, 0.5]}", "23");
    expect_codes("{'field': 'category', 'op': 'in', 'value': ['Care', 'Food']}", "12");
    expect_codes("{'field': 'category', 'op': 'nin', 'value': ['Care', 'none']}", "23");
    expect_codes("{'field': 'item_name', 'op': 'contains', 'value': 'TEA'}", "23");
    expect_codes("{'field': 'item_name', 'op': 'contains', 'value': '(a+)+'}", "2");
    expect_codes("{'field': 'item_name', 'op': 'contains', 'value': '.*'}", "");
    expect_codes("{'field': 'item_name', 'op': 'starts_with', 'value': 'Tea'}", "2");
    expect_codes("{'field': 'barcodes', 'op': 'eq', 'value': '12'}", "1");
    expect_codes("{'field': 'category', 'op': 'exists', 'value': false}", "3");
    expect_codes("{'field': 'verified', 'op': 'exists', 'value': true}", "3");
    expect_codes("{'field': 'verified', 'op': 'eq', 'value': true}", "3");
    expect_codes("{'field': 'verified_at', 'op': 'gte', 'value': '2026-01-05'}", "3");
    expect_codes("{'field': 'warehouse', 'op': 'eq', 'value': 'W1'}, {'field': 'stock_qty', 'op': 'gt', 'value': 0}",
                 "1");
}

static void
test_groups(void **state)
{
    (void) state;
    expect_rows("{'collection': 'verification_records', 'group_by': ['floor'], 'aggregations': ['count',"
                " {'op': 'sum', 'field': 'verified_qty'}, {'op': 'avg', 'field': 'verified_qty'},"
                " {'op': 'min', 'field': 'created_at'}, {'op': 'max', 'field': 'round'},"
                " {'op': 'count_distinct', 'field': 'item_code'}]}",
                "[{'floor':null,'count':2,'sum_verified_qty':1,'avg_verified_qty':0.5,"
                "'min_created_at':'2026-02-01T10:00:00Z','max_round':2,'count_distinct_item_code':1},"
                "{'floor':'F1','count':2,'sum_verified_qty':3.5,'avg_verified_qty':1.75,"
                "'min_created_at':'2026-01-05T23:59:59Z','max_round':1,'count_distinct_item_code':2}]");
    expect_rows("{'collection': 'verification_records', 'group_by': [{'field': 'created_at', 'by': 'day'}]}",
                "[{'created_at_day':'2026-01-05','count':1},{'created_at_day':'2026-01-06','count':1},"
                "{'created_at_day':'2026-01-12','count':1},{'created_at_day':'2026-02-01','count':1},"
                "{'created_at_day':'2026-02-02','count':1}]");
    expect_rows("{'collection': 'verification_records', 'group_by': [{'field': 'created_at', 'by': 'week'}]}",
                "[{'created_at_week':'2026-01-05','count':2},{'created_at_week':'2026-01-12','count':1},"
                "{'created_at_week':'2026-01-26','count':1},{'created_at_week':'2026-02-02','count':1}]");
    expect_rows("{'collection': 'verification_records', 'group_by': [{'field': 'created_at', 'by': 'month'}],"
                " 'sort': [{'field': 'count', 'direction': 'desc'}], 'limit': 1}",
                "[{'created_at_month':'2026-01-01','count':3}]");
    expect_rows("{'collection': 'verification_records', 'aggregations': ['count', {'op': 'avg', 'field': 'round'},"
                " {'op': 'avg', 'field': 'mrp'}, {'op': 'min', 'field': 'mfg_date'}]}",
                "[{'count':5,'avg_round':1.4,'avg_mrp':null,'min_mfg_date':'2025-12-31'}]");
    expect_rows("{'collection': 'verification_records', 'aggregations': [{'op': 'avg', 'field': 'verified_qty'},"
                " {'op': 'count_distinct', 'field': 'rack_id'}, {'op': 'sum', 'field': 'round'},"
                " {'op': 'max', 'field': 'created_at'}, {'op': 'min', 'field': 'item_code'}, 'count']}",
                "[{'avg_verified_qty':1.125,'count_distinct_rack_id':3,'sum_round':5,"
                "'max_created_at':'2026-02-02T10:00:00Z','min_item_code':'I1','count':4}]");
    expect_rows("{'collection': 'verification_records', 'group_by': ['status'], 'aggregations': [{'op':"
                " 'count_distinct', 'field': 'item_category'}, {'op': 'avg', 'field': 'round'}],"
                " 'sort': [{'field': 'avg_round', 'direction': 'desc'}]}",
                "[{'status':'void','count_distinct_item_category':0,'avg_round':2},"
                "{'status':'finalized','count_distinct_item_category':2,'avg_round':1.333333},"
                "{'status':'partial','count_distinct_item_category':0,'avg_round':1}]");
    /* A third, half away from zero. */
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'item_code', 'op': 'in', 'value':"
                " ['I1', 'I3']}, {'field': 'status', 'op': 'exists', 'value': true}], 'group_by': ['status'], 'sort': "
                "[{'field': 'avg_verified_qty', 'direction': 'desc'}],"
                " 'aggregations': [{'op': 'avg', 'field': 'verified_qty'}]}",
                "[{'status':'finalized','avg_verified_qty':1},{'status':'void','avg_verified_qty':0.333333}]");
}

static void
drop_records(const char *warehouse)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse)), arena);
    int64_t deleted;

    assert_int_equal(sv_store_delete_many(real.store, SV_COLLECTION_VERIFICATION_RECORDS, filter, &deleted, &error),
                     SV_OK);
}

static void
test_figures_that_count(void **state)
{
    (void) state;
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'c1', 'warehouse': 'W9', 'verified_qty': {'$numberDecimal': '34'}, 'status':"
                   " 'finalized', 'counts': true, 'standing': 'counts'}");
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'c2', 'warehouse': 'W9', 'verified_qty': {'$numberDecimal': '20'}, 'status':"
                   " 'finalized', 'counts': false, 'standing': 'replaced'}");
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'c3', 'warehouse': 'W9', 'verified_qty': {'$numberDecimal': '100'}, 'status':"
                   " 'void', 'counts': false, 'standing': 'void'}");
    /* of the version before, not migrated yet */
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'c4', 'warehouse': 'W9', 'verified_qty': {'$numberDecimal': '7'}, 'status':"
                   " 'finalized', 'superseded': true}");
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'}],"
                " 'aggregations': [{'op': 'sum', 'field': 'verified_qty'}, 'count']}",
                "[{'sum_verified_qty':34,'count':1}]");
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'},"
                " {'field': 'counts', 'op': 'eq', 'value': false}], 'aggregations': [{'op': 'sum', 'field':"
                " 'verified_qty'}]}",
                "[{'sum_verified_qty':120}]");
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'}],"
                " 'fields': ['verified_qty', 'counts', 'standing']}",
                "[{'client_record_id':'c1','verified_qty':34,'counts':true,'standing':'counts'},"
                "{'client_record_id':'c2','verified_qty':20,'counts':false,'standing':'replaced'},"
                "{'client_record_id':'c3','verified_qty':100,'counts':false,'standing':'void'},"
                "{'client_record_id':'c4','verified_qty':7,'counts':null,'standing':null}]");
    drop_records("W9");
}

/* 9.2e12 is what 64 bits of millionths hold: of more a sum is told to be too large, an average is exact. */
static void
test_averages_of_large_sums(void **state)
{
    (void) state;
    for (int i = 0; i < 3; i++) {
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                       sv_arena_printf(arena,
                                       "{'client_record_id': 'l%d', 'warehouse': 'W9', 'status': 'finalized',"
                                       " 'verified_qty': {'$numberDecimal': '900000000000%d.000001'}}",
                                       i, i));
    }
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'}],"
                " 'aggregations': [{'op': 'avg', 'field': 'verified_qty'}]}",
                "[{'avg_verified_qty':9000000000001.000001}]");
    drop_records("W9");
    for (int i = 0; i < 2; i++) {
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                       sv_arena_printf(arena,
                                       "{'client_record_id': 'h%d', 'warehouse': 'W9', 'status': 'finalized', 'floor':"
                                       " 'up', 'verified_qty': {'$numberDecimal': '0.00000%d'}}",
                                       i, i + 2));
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                       sv_arena_printf(arena,
                                       "{'client_record_id': 'g%d', 'warehouse': 'W9', 'status': 'finalized', 'floor':"
                                       " 'down', 'verified_qty': {'$numberDecimal': '-0.00000%d'}}",
                                       i, i + 2));
    }
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'}],"
                " 'group_by': ['floor'], 'aggregations': [{'op': 'avg', 'field': 'verified_qty'}]}",
                "[{'floor':'down','avg_verified_qty':-0.000003},{'floor':'up','avg_verified_qty':0.000003}]");
    drop_records("W9");
}

static void
test_nothing_is_zero(void **state)
{
    (void) state;
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'}],"
                " 'aggregations': ['count', {'op': 'sum', 'field': 'verified_qty'}, {'op': 'avg', 'field':"
                " 'verified_qty'}, {'op': 'count_distinct', 'field': 'rack_id'}, {'op': 'max', 'field': 'round'}]}",
                "[{'count':0,'sum_verified_qty':0,'avg_verified_qty':null,'count_distinct_rack_id':0,"
                "'max_round':null}]");
    expect_rows("{'collection': 'verification_records', 'filters': [{'field': 'warehouse', 'op': 'eq', 'value': 'W9'}],"
                " 'group_by': ['floor'], 'aggregations': ['count']}",
                "[]");
}

static void
test_links(void **state)
{
    (void) state;
    expect_rows("{'collection': 'verification_records', 'fields': ['item_name', 'zone', 'unit_cost']}",
                "[{'client_record_id':'r1','item_name':'Soap','zone':'Z1','unit_cost':2},"
                "{'client_record_id':'r2','item_name':'Tea (a+)+','zone':'Z2','unit_cost':null},"
                "{'client_record_id':'r3','item_name':'tea leaves','zone':'Z2','unit_cost':null},"
                "{'client_record_id':'r4','item_name':'Soap','zone':'Z1','unit_cost':2},"
                "{'client_record_id':'r5','item_name':null,'zone':null,'unit_cost':null}]");
    /* The same links followed by MongoDB, and beside one that the worker follows. */
    expect_rows(
        "{'collection': 'verification_records', 'fields': ['item_name', 'zone'], 'filters': [{'field':"
        " 'item_category', 'op': 'eq', 'value': 'Care'}], 'sort': [{'field': 'item_name', 'direction': 'desc'}]}",
        "[{'client_record_id':'r1','item_name':'Soap','zone':'Z1'},"
        "{'client_record_id':'r4','item_name':'Soap','zone':'Z1'}]");
    expect_rows("{'collection': 'verification_records', 'group_by': ['item_category', 'zone'], 'aggregations':"
                " [{'op': 'sum', 'field': 'verified_qty'}]}",
                "[{'item_category':null,'zone':null,'sum_verified_qty':0},"
                "{'item_category':'Care','zone':'Z1','sum_verified_qty':2},"
                "{'item_category':'Food','zone':'Z2','sum_verified_qty':2.5}]");
}

/* More rows and more linked documents than are looked up at once. */
static void
test_many_links(void **state)
{
    enum { ROWS = 2600 };
    sv_report_run_t how = { 0 };
    sv_buffer_t expected;

    (void) state;
    sv_buffer_init(&expected, arena, 1 << 18);
    sv_buffer_puts(&expected, "[");
    for (int i = 0; i < ROWS; i++) {
        sv_real_insert(&real, SV_COLLECTION_RACK_ITEMS,
                       sv_arena_printf(arena, "{'rack_id': 'R%04d', 'item_code': 'J%04d'}", i / 100, i));
        sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                       sv_arena_printf(arena, "{'item_code': 'J%04d', 'item_name': 'Name %d'}", i, i));
        sv_buffer_printf(&expected, "%s{'rack_id':'R%04d','item_code':'J%04d','item_name':'Name %d'}",
                         i == 0 ? "" : ",", i / 100, i, i);
    }
    sv_buffer_puts(&expected, "]");
    assert_string_equal(rows_of("{'collection': 'rack_items', 'fields': ['item_name']}", &how), expected.data);
}

typedef struct {
    int64_t rows, after; /* rows that show what was written after the first */
} instant_t;

/* From the first row on, everything that is still to come is changed. */
static sv_status_t
write_meanwhile(void *context, const bson_t *row, sv_error_t *failed)
{
    instant_t *instant = context;

    if (instant->rows++ == 0) {
        sv_store_t *other = sv_store_acquire(real.pool);
        bson_t *all = sv_doc_new(arena);

        assert_int_equal(sv_store_update_many(other, SV_COLLECTION_ITEM_SERIALS, all,
                                              sv_real_json(arena, "{'$set': {'item_code': 'after'}}"), NULL, failed),
                         SV_OK);
        sv_store_release(other);
    }
    instant->after += strcmp(sv_doc_text(row, "item_code", arena), "before") != 0;
    return SV_OK;
}

/* A snapshot sees nothing of what is written once it is begun: rows in several batches are of one instant. */
static void
test_one_instant(void **state)
{
    enum { ROWS = 3500 };
    sv_point_in_time_t point;
    sv_report_run_t how = { 0 };
    instant_t instant = { 0 };

    (void) state;
    for (int i = 0; i < ROWS; i++) {
        sv_real_insert(&real, SV_COLLECTION_ITEM_SERIALS,
                       sv_arena_printf(arena, "{'serial_number': 'S%05d', 'item_code': 'before'}", i));
    }
    assert_int_equal(sv_point_in_time_begin(real.store, &point, &error), SV_OK);
    how.snapshot = point.session;
    assert_int_equal(sv_report_query_run(real.store, parse("{'collection': 'item_serials'}"), &how, write_meanwhile,
                                         &instant, &error),
                     SV_OK);
    sv_point_in_time_end(&point);
    assert_int_equal(instant.rows, ROWS);
    assert_int_equal(instant.after, 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_SERIALS, "{'item_code': 'after'}"), ROWS);
}

static sv_status_t
stop_at_once(void *context, const bson_t *row, sv_error_t *failed)
{
    (void) row;
    ++*(int *) context;
    return sv_fail(failed, SV_ERR_CONFLICT_STATE, "enough");
}

static void
test_who_takes_rows_may_stop(void **state)
{
    sv_report_run_t how = { 0 };
    int given = 0;

    (void) state;
    sv_error_clear(&error);
    assert_int_equal(
        sv_report_query_run(real.store, parse("{'collection': 'erp_items'}"), &how, stop_at_once, &given, &error),
        SV_ERR_CONFLICT_STATE);
    assert_int_equal(given, 1);
}

int
main(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test_setup_teardown(test_refusals, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_lists_are_bounded, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_paths_of_what_is_wrong, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_a_query_is_kept, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_a_query_in_words, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_who_is_too_slow_is_told_what_to_do, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_filters, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_what_is_read, open_arena, close_arena),
    };
    const struct CMUnitTest stored[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_each_operator),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_figures_that_count),
        cmocka_unit_test(test_averages_of_large_sums),
        cmocka_unit_test(test_nothing_is_zero),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_many_links),
        cmocka_unit_test(test_one_instant),
        cmocka_unit_test(test_who_takes_rows_may_stop),
    };
    int failed = cmocka_run_group_tests(alone, NULL, NULL);

    return failed + (sv_real_mongodb_named() ? cmocka_run_group_tests(stored, open_database, close_database) : 0);
}
