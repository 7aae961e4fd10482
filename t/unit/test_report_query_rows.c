/* Report queries: the rows that come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/query/point_in_time.h"
#include "core/store/document.h"
#include "t/unit/query_texts.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

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

    query_texts_open(state);
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
    return query_texts_close(state);
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
    told_t told = { .query = query_parse(text) };

    sv_buffer_init(&told.text, query_arena, 1024);
    sv_json_writer_init(&told.w, &told.text);
    sv_json_array(&told.w, NULL);
    if (sv_report_query_run(real.store, told.query, how, tell_row, &told, &query_error) != SV_OK) {
        fail_msg("%s: %s", text, query_error.cause != NULL ? query_error.cause : query_error.message);
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
    assert_int_equal(sv_point_in_time_begin(real.store, &point, &query_error), SV_OK);
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
        sv_arena_printf(query_arena, "{'collection': 'erp_items', 'fields': ['item_code'], 'filters': [%s]}", filter);
    sv_buffer_t rows;

    sv_buffer_init(&rows, query_arena, 64);
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
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse)), query_arena);
    int64_t deleted;

    assert_int_equal(
        sv_store_delete_many(real.store, SV_COLLECTION_VERIFICATION_RECORDS, filter, &deleted, &query_error), SV_OK);
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
                       sv_arena_printf(query_arena,
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
                       sv_arena_printf(query_arena,
                                       "{'client_record_id': 'h%d', 'warehouse': 'W9', 'status': 'finalized', 'floor':"
                                       " 'up', 'verified_qty': {'$numberDecimal': '0.00000%d'}}",
                                       i, i + 2));
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                       sv_arena_printf(query_arena,
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
    sv_buffer_init(&expected, query_arena, 1 << 18);
    sv_buffer_puts(&expected, "[");
    for (int i = 0; i < ROWS; i++) {
        sv_real_insert(&real, SV_COLLECTION_RACK_ITEMS,
                       sv_arena_printf(query_arena, "{'rack_id': 'R%04d', 'item_code': 'J%04d'}", i / 100, i));
        sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                       sv_arena_printf(query_arena, "{'item_code': 'J%04d', 'item_name': 'Name %d'}", i, i));
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
        bson_t *all = sv_doc_new(query_arena);

        assert_int_equal(sv_store_update_many(other, SV_COLLECTION_ITEM_SERIALS, all,
                                              sv_real_json(query_arena, "{'$set': {'item_code': 'after'}}"), NULL,
                                              failed),
                         SV_OK);
        sv_store_release(other);
    }
    instant->after += strcmp(sv_doc_text(row, "item_code", query_arena), "before") != 0;
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
                       sv_arena_printf(query_arena, "{'serial_number': 'S%05d', 'item_code': 'before'}", i));
    }
    assert_int_equal(sv_point_in_time_begin(real.store, &point, &query_error), SV_OK);
    how.snapshot = point.session;
    assert_int_equal(sv_report_query_run(real.store, query_parse("{'collection': 'item_serials'}"), &how,
                                         write_meanwhile, &instant, &query_error),
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
    sv_error_clear(&query_error);
    assert_int_equal(sv_report_query_run(real.store, query_parse("{'collection': 'erp_items'}"), &how, stop_at_once,
                                         &given, &query_error),
                     SV_ERR_CONFLICT_STATE);
    assert_int_equal(given, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
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

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, open_database, close_database) : 0;
}
