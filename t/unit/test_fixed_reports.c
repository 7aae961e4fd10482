/* The fixed reports: what may be asked, and their rows over documents written here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/report/fixed/fixed.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"
#include "t/unit/real_mongodb.h"
#include "t/unit/report_rows.h"

static sv_real_mongodb_t real;
static int64_t now_ms;

/* ---- requests */

static bool
ask(const char *json, sv_role_t role, sv_fixed_request_t *request, sv_error_t *error)
{
    const json_t *body;

    sv_error_clear(error);
    body = sv_json_parse_object(json, strlen(json), error->arena, error);
    assert_non_null(body);
    return sv_fixed_request_read(body, NULL, role, error->arena, request, error);
}

static void
wrong_requests_name_the_field(void **state)
{
    static const struct {
        const char *json, *field, *code;
    } wrong[] = {
        { "{\"format\": \"csv\"}", "type", "required" },
        { "{\"type\": \"stock\", \"format\": \"csv\"}", "type", "not_allowed" },
        { "{\"type\": \"variance\", \"format\": \"doc\"}", "format", "not_allowed" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": []}", "filters", "wrong_type" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"colour\": \"red\"}}", "filters.colour",
          "unknown" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"$where\": \"1\"}}", "filters.$where",
          "unknown" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"warehouse\": {\"$ne\": 1}}}",
          "filters.warehouse", "wrong_type" },
        { "{\"type\": \"session_history\", \"format\": \"csv\", \"filters\": {\"category\": \"A\"}}",
          "filters.category", "not_allowed" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"from\": \"yesterday\"}}", "filters.from",
          "invalid_format" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"from\": \"2026-01-02\", \"to\": "
          "\"2026-01-01\"}}",
          "filters.to", "out_of_range" },
        { "{\"type\": \"variance\", \"filters\": {\"from\": \"2026-01-02T08:00:00Z\", \"to\": "
          "\"2026-01-02T08:00:00Z\"}}",
          "filters.to", "out_of_range" },
        { "{\"type\": \"variance\", \"tz\": \"Mars/Base\"}", "tz", "unknown" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"from\": \"2026-01-02\", \"period\": "
          "\"today\"}}",
          "filters.period", "not_allowed" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"filters\": {\"period\": \"someday\"}}", "filters.period",
          "not_allowed" },
        { "{\"type\": \"variance\", \"format\": \"csv\", \"delimiter\": \"!\"}", "delimiter", "not_allowed" },
        { "{\"type\": \"variance\", \"format\": \"pdf\", \"bom\": true}", "bom", "not_allowed" },
    };
    sv_arena_t *arena = sv_arena_create();
    sv_fixed_request_t request;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(ask(wrong[i].json, SV_ROLE_SUPERVISOR, &request, &error));
        assert_int_equal(error.status, SV_ERR_VALIDATION_FAILED);
        assert_int_equal(error.detail_count, 1);
        assert_string_equal(error.details[0].field, wrong[i].field);
        assert_string_equal(error.details[0].code, wrong[i].code);
    }
    assert_false(ask("{\"type\": \"audit_trail\", \"format\": \"csv\"}", SV_ROLE_SUPERVISOR, &request, &error));
    assert_int_equal(error.status, SV_ERR_FORBIDDEN);
    assert_true(ask("{\"type\": \"audit_trail\", \"format\": \"csv\"}", SV_ROLE_ADMIN, &request, &error));
    sv_arena_destroy(arena);
}

static void
requests_are_kept_and_read_back(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_fixed_request_t asked, read, other;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_true(
        ask("{\"type\": \"variance\", \"format\": \"csv\", \"delimiter\": \"tab\", \"filters\": {\"warehouse\": "
            "\"Main\", \"floor\": \"G\", \"from\": \"2026-01-05\", \"to\": \"2026-01-06T08:00:00Z\"}}",
            SV_ROLE_SUPERVISOR, &asked, &error));
    assert_true(sv_fixed_request_from_bson(sv_fixed_request_to_bson(&asked, arena), arena, &read));
    assert_string_equal(read.report->type, "variance");
    assert_string_equal(read.filters.warehouse, "Main");
    assert_int_equal(read.range.from.kind, SV_BOUND_DAY);
    assert_int_equal(read.range.to.value, INT64_C(1767686400000));
    assert_int_equal(read.options.delimiter, '\t');
    assert_string_equal(sv_fixed_request_key(&read, arena), sv_fixed_request_key(&asked, arena));
    assert_string_equal(sv_fixed_request_describe(&read, arena),
                        "warehouse Main, floor G, counted from 2026-01-05 to 2026-01-06T08:00:00Z (days of UTC)");
    assert_string_equal(sv_fixed_request_title(&read, INT64_C(1767686400000), arena), "Variances Main G 2026-01-06");
    assert_true(ask("{\"type\": \"variance\", \"format\": \"pdf\"}", SV_ROLE_ADMIN, &asked, &error));
    assert_true(ask("{\"type\": \"variance\", \"format\": \"pdf\", \"filters\": {}}", SV_ROLE_ADMIN, &other, &error));
    assert_string_equal(sv_fixed_request_key(&asked, arena), sv_fixed_request_key(&other, arena));
    sv_arena_destroy(arena);
}

static void
periods_are_whole_days_of_a_zone(void **state)
{
    static const struct {
        const char *period, *now, *from, *to, *zone;
    } periods[] = {
        { "today", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", NULL },
        { "yesterday", "2026-03-01T23:59:59Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z", NULL },
        { "last_7_days", "2026-01-05T08:00:00Z", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z", NULL },
        { "this_week", "2026-11-22T12:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", NULL }, /* a Sunday */
        { "last_week", "2026-11-23T00:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", NULL }, /* a Monday */
        { "this_month", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", NULL },
        { "last_month", "2026-01-31T12:00:00Z", "2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z", NULL },
        { "last_month", "2026-03-31T12:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", NULL },
        /* Six in the evening in Los Angeles is the next day in UTC. */
        { "today", "2026-07-02T01:00:00Z", "2026-07-01T07:00:00Z", "2026-07-02T07:00:00Z", "America/Los_Angeles" },
        /* 23 and 25 hours: the clocks are changed on 29 March and 25 October. */
        { "today", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin" },
        { "yesterday", "2026-10-26T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Berlin" },
        { "last_week", "2026-03-30T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin" },
        { "this_month", "2026-03-31T18:29:00Z", "2026-02-28T18:30:00Z", "2026-03-31T18:30:00Z", "Asia/Kolkata" },
        { "this_month", "2026-03-31T18:30:00Z", "2026-03-31T18:30:00Z", "2026-04-30T18:30:00Z", "Asia/Kolkata" },
    };
    char text[SV_TIME_TEXT_SIZE];
    sv_time_zone_t *zone;
    int64_t at_ms;

    (void) state;
    for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
        sv_fixed_request_t request = { .period = periods[i].period };

        assert_true(sv_time_parse(periods[i].now, &at_ms));
        zone = periods[i].zone != NULL ? sv_time_zone_open(periods[i].zone) : NULL;
        assert_true((zone != NULL) == (periods[i].zone != NULL));
        sv_fixed_request_settle_in(&request, zone, at_ms);
        sv_time_zone_free(zone);
        sv_time_format(request.filters.from_ms, text);
        assert_string_equal(text, periods[i].from);
        sv_time_format(request.filters.to_ms, text);
        assert_string_equal(text, periods[i].to);
    }
}

/* ---- rows */

static void
insert(sv_collection_t collection, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sv_real_insert(&real, collection, sv_arena_vprintf(real.arena, format, args));
    va_end(args);
}

static void
item(const char *code, const char *place, const char *stock, const char *more)
{
    insert(SV_COLLECTION_ERP_ITEMS,
           "{'item_code': '%s', 'item_name': 'Item %s', 'warehouse': 'W1', %s, 'stock_qty': {'$numberDecimal': '%s'}, "
           "'unit_cost': {'$numberDecimal': '1.5'}%s}",
           code, code, place, stock, more);
}

static void
book(const char *count, const char *code, const char *system, const char *variance, const char *user, int day)
{
    insert(SV_COLLECTION_SESSION_BOOK,
           "{'session_id': '%s', 'warehouse': 'W1', 'item_code': '%s', 'system_qty': {'$numberDecimal': '%s'}, "
           "'unit_cost': {'$numberDecimal': '0.333333'}, 'state': 'counted', 'variance': {'$numberDecimal': '%s'}, "
           "'counted': {'verified_qty': {'$numberDecimal': '9'}, 'damage_qty': {'$numberDecimal': '1'}, "
           "'non_returnable_damaged_qty': {'$numberDecimal': '0'}, 'racks': 2, 'records': {'$numberLong': '3'}, "
           "'last_user_id': '%s', 'at': {'$date': '2026-01-%02dT10:00:00Z'}}}",
           count, code, system, variance, user, day);
}

static void
record(int number, const char *session, const char *user, const char *code, const char *status, const char *at)
{
    insert(SV_COLLECTION_VERIFICATION_RECORDS,
           "{'client_record_id': 'r%d', 'session_id': '%s', 'rack_id': 'R%s', 'user_id': '%s', 'item_code': '%s', "
           "'warehouse': 'W1', 'floor': 'G', 'status': '%s', 'verified_qty': {'$numberDecimal': '2.25'}, 'damage_qty': "
           "{'$numberDecimal': '0.5'}, 'non_returnable_damaged_qty': {'$numberDecimal': '0'}, 'created_at': {'$date': "
           "'2569-01-05T00:00:00Z'}, 'counted_at': {'$date': '%s'}}",
           number, session, session, user, code, status, at);
}

/* One of session s4, in which nothing else was recorded. */
static void
figure(int number, const char *quantity, const char *counts, const char *standing)
{
    insert(
        SV_COLLECTION_VERIFICATION_RECORDS,
        "{'client_record_id': 'r%d', 'session_id': 's4', 'rack_id': 'R4', 'user_id': 'bert', 'item_code': 'A', "
        "'warehouse': 'W1', 'floor': 'G', 'status': 'finalized', 'verified_qty': {'$numberDecimal': '%s'}, 'counts': "
        "%s, 'standing': '%s', 'counted_at': {'$date': '2026-01-09T11:59:00Z'}}",
        number, quantity, counts, standing);
}

static void
audit(const char *user, const char *action, const char *at)
{
    insert(SV_COLLECTION_ACTIVITY_LOGS,
           "{'at': {'$date': '%s'}, 'action': '%s', 'user_id': %s, 'role': 'staff', 'warehouse': 'W1', 'details': "
           "{'note': 'say \\u0022hi\\u0022', 'n': 5}, 'sealed': false}",
           at, action, user);
}

static void
session(const char *id, const char *user, const char *started, const char *more)
{
    insert(SV_COLLECTION_VERIFICATION_SESSIONS,
           "{'session_id': '%s', 'user_id': '%s', 'username': '%s', 'full_name': 'User %s', 'rack_id': 'R%s', "
           "'warehouse': 'W1', 'floor': 'G', 'zone': null, 'count_id': 'c1', 'round': 1, 'superseded': false, "
           "'started_at': {'$date': '%s'}, %s}",
           id, user, user, user, id, started, more);
}

static void
fill(void)
{
    item("A", "'floor': 'G', 'category': 'Food'", "10",
         ", 'verified': true, 'verified_qty': {'$numberDecimal': '8'}, 'damaged_qty': {'$numberDecimal': '1'}, "
         "'variance': {'$numberDecimal': '-1'}, 'verified_by': 'anna', 'verified_at': {'$date': "
         "'2026-01-05T08:00:00Z'}");
    item("B", "'floor': 'G', 'category': 'Food'", "2.5", "");
    item("C", "'floor': null, 'category': 'Tools'", "1", ", 'deleted': true");
    item("D", "'floor': '1', 'category': 'Tools'", "4", ", 'verified': false");
    insert(SV_COLLECTION_SESSIONS, "{'session_id': 'c1', 'name': 'January', 'warehouse': 'W1', 'staff_user': ['anna'], "
                                   "'started_at': {'$date': '2026-01-02T08:00:00Z'}}");
    insert(SV_COLLECTION_SESSIONS, "{'session_id': 'c0', 'name': null, 'warehouse': 'W1', 'staff_user': ['bert'], "
                                   "'started_at': {'$date': '2026-01-03T08:00:00Z'}}");
    insert(SV_COLLECTION_USERS, "{'user_id': 'anna', 'username': 'anna', 'full_name': 'Anna A.'}");
    book("c1", "D", "4", "-3", "anna", 6);
    book("c1", "A", "10", "0.000001", "anna", 5);
    book("c1", "B", "10", "0", "anna", 5); /* as in the books */
    book("c0", "A", "0", "10", "bert", 7);
    insert(SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c0', 'warehouse': 'W1', 'item_code': 'C', 'system_qty': "
                                       "{'$numberDecimal': '3'}, 'state': 'incomplete', 'variance': null, 'counted': "
                                       "{'verified_qty': {'$numberDecimal': '1'}}}"); /* in part */
    insert(SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c0', 'warehouse': 'W1', 'item_code': 'B', 'system_qty': "
                                       "{'$numberDecimal': '3'}}"); /* not counted */
    record(1, "s1", "anna", "A", "finalized", "2026-01-05T08:10:00Z");
    record(2, "s1", "anna", "A", "partial", "2026-01-05T08:59:59.999Z");
    record(3, "s1", "anna", "B", "void", "2026-01-05T09:00:00Z");
    record(4, "s2", "anna", "B", "finalized", "2026-01-05T23:59:59Z");
    record(5, "s3", "bert", "B", "finalized", "2026-01-06T00:00:00Z");
    audit("'anna'", "rack.claim", "2026-01-05T08:00:00Z");
    audit("'anna'", "sync.batch", "2026-01-05T09:00:00Z");
    audit("'zoe'", "auth.login", "2026-01-04T09:00:00Z");
    audit("null", "session.interrupted", "2026-01-05T10:00:00Z");
    session("s1", "anna", "2026-01-05T08:00:00Z",
            "'status': 'completed', 'rack_completed': true, 'completed_at': {'$date': '2026-01-05T08:10:00Z'}");
    session("s2", "anna", "2026-01-05T07:00:00Z",
            "'status': 'interrupted', 'rack_completed': false, 'interrupted_at': {'$date': '2026-01-05T07:00:00Z'}");
    session("s4", "bert", "2026-01-09T11:58:00Z", "'status': 'active', 'rack_completed': false");
    assert_true(sv_time_parse("2026-01-09T12:00:00Z", &now_ms));
}

static int
open_world(void **state)
{
    int result = sv_real_mongodb_setup(state);

    if (result == 0 && real.store != NULL) {
        fill();
    }
    return result;
}

static sv_rows_t
report(const char *type, const sv_fixed_filters_t *filters)
{
    sv_rows_t rows = { 0 };

    if (sv_fixed_run(real.store, sv_fixed_report(type), filters, now_ms, sv_rows_sink(&rows), &real.error) != SV_OK) {
        fail_msg("%s: %s", type, real.error.cause != NULL ? real.error.cause : real.error.message);
    }
    return rows;
}

static void
check_text(const bson_t *row, const char *name, const char *expected)
{
    const char *text = sv_rows_text(row, name);

    if (expected == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
}

static void
check_number(const bson_t *row, const char *name, int64_t expected)
{
    assert_true(sv_rows_known(row, name));
    assert_int_equal(sv_rows_number(row, name), expected);
}

static void
stock_is_summed_by_place_and_category(void **state)
{
    sv_rows_t rows = report("stock_summary", &(sv_fixed_filters_t){ 0 });

    (void) state;
    assert_int_equal(rows.count, 2);
    check_text(rows.rows[0], "floor", "1");
    check_text(rows.rows[1], "floor", "G");
    check_text(rows.rows[1], "category", "Food");
    check_number(rows.rows[1], "items", 2);
    check_number(rows.rows[1], "verified_items", 1);
    check_number(rows.rows[1], "verified_share", 500000);
    check_number(rows.rows[1], "stock_qty", 12500000);
    check_number(rows.rows[1], "verified_qty", 8000000);
    check_number(rows.rows[1], "damaged_qty", 1000000);
    check_number(rows.rows[1], "variance", -1000000);
    check_number(rows.rows[1], "stock_value", 18750000);
    check_number(rows.rows[1], "variance_value", -1500000);
    sv_rows_free(&rows);

    rows = report("stock_summary", &(sv_fixed_filters_t){ .category = "Tools", .warehouse = "W1", .floor = "1" });
    assert_int_equal(rows.count, 1);
    check_number(rows.rows[0], "items", 1);
    check_number(rows.rows[0], "verified_share", 0);
    check_number(rows.rows[0], "variance", 0);
    sv_rows_free(&rows);

    rows = report("stock_summary", &(sv_fixed_filters_t){ .user = "anna", .from_ms = 1, .to_ms = now_ms });
    assert_int_equal(rows.count, 1);
    check_number(rows.rows[0], "items", 1);
    sv_rows_free(&rows);
    rows = report("stock_summary", &(sv_fixed_filters_t){ .warehouse = "W2" });
    assert_int_equal(rows.count, 0);
    sv_rows_free(&rows);
}

static void
stock_of_several_units_is_not_added(void **state)
{
    sv_rows_t rows;

    (void) state;
    item("U1", "'floor': 'U', 'category': 'Units', 'uom': 'BOX'", "2", ", 'verified': false");
    item("U2", "'floor': 'U', 'category': 'Units', 'uom': 'PCS'", "5", ", 'verified': false");
    rows = report("stock_summary", &(sv_fixed_filters_t){ .category = "Units" });
    assert_int_equal(rows.count, 2);
    check_text(rows.rows[0], "uom", "BOX");
    check_number(rows.rows[0], "stock_qty", 2000000);
    check_number(rows.rows[1], "stock_qty", 5000000);
    sv_rows_free(&rows);
}

/* A field that an import never had and one that it cleared. */
static void
stock_without_a_place_is_one_group(void **state)
{
    sv_rows_t rows;

    (void) state;
    item("N1", "'category': 'Food'", "1", ", 'verified': false");
    item("N2", "'floor': null, 'category': 'Food'", "2", ", 'verified': false");
    rows = report("stock_summary", &(sv_fixed_filters_t){ .category = "Food" });
    assert_int_equal(rows.count, 2);
    assert_false(sv_rows_known(rows.rows[0], "floor"));
    check_number(rows.rows[0], "items", 2);
    check_number(rows.rows[0], "stock_qty", 3000000);
    sv_rows_free(&rows);
}

static void
variances_come_count_by_count(void **state)
{
    sv_rows_t rows = report("variance", &(sv_fixed_filters_t){ 0 });
    sv_fixed_filters_t filters = { 0 };

    (void) state;
    assert_int_equal(rows.count, 3); /* what is as in the books, and what was not counted, is none */
    check_text(rows.rows[0], "count_id", "c1");
    check_text(rows.rows[0], "count_name", "January");
    check_text(rows.rows[0], "item_code", "A");
    check_text(rows.rows[0], "item_name", "Item A");
    check_number(rows.rows[0], "system_qty", 10000000);
    check_number(rows.rows[0], "variance", 1);
    check_number(rows.rows[0], "variance_percent", 0);
    check_number(rows.rows[0], "variance_value", 0);
    check_number(rows.rows[0], "records", 3);
    check_text(rows.rows[0], "counted_by", "Anna A.");
    check_text(rows.rows[1], "item_code", "D");
    check_text(rows.rows[1], "floor", "1");
    check_number(rows.rows[1], "variance_percent", -750000);
    check_number(rows.rows[1], "variance_value", -999999);
    check_text(rows.rows[2], "count_id", "c0");
    assert_false(sv_rows_known(rows.rows[2], "count_name"));
    assert_false(sv_rows_known(rows.rows[2], "variance_percent"));
    assert_false(sv_rows_known(rows.rows[2], "counted_by")); /* an account that is gone */
    sv_rows_free(&rows);

    filters.category = "Tools";
    rows = report("variance", &filters);
    assert_int_equal(rows.count, 1);
    check_text(rows.rows[0], "item_code", "D");
    sv_rows_free(&rows);
    filters = (sv_fixed_filters_t){ .user = "bert", .floor = "G", .warehouse = "W1", .count_id = "c0" };
    rows = report("variance", &filters);
    assert_int_equal(rows.count, 1);
    sv_rows_free(&rows);
    assert_true(sv_date_parse("2026-01-06", &filters.from_ms));
    assert_true(sv_date_parse("2026-01-07", &filters.to_ms));
    rows = report("variance", &(sv_fixed_filters_t){ .from_ms = filters.from_ms, .to_ms = filters.to_ms });
    assert_int_equal(rows.count, 1);
    check_text(rows.rows[0], "item_code", "D");
    sv_rows_free(&rows);
}

static void
activity_is_by_day_and_person(void **state)
{
    sv_rows_t rows = report("user_activity", &(sv_fixed_filters_t){ 0 });

    (void) state;
    assert_int_equal(rows.count, 3);
    check_text(rows.rows[0], "user_id", "zoe"); /* actions, no records */
    check_number(rows.rows[0], "records", 0);
    check_number(rows.rows[0], "actions", 1);
    assert_false(sv_rows_known(rows.rows[0], "scans_per_hour"));
    check_text(rows.rows[1], "user_id", "anna");
    check_text(rows.rows[1], "full_name", "Anna A.");
    check_number(rows.rows[1], "day", INT64_C(1767571200000));
    check_number(rows.rows[1], "records", 4);
    check_number(rows.rows[1], "voids", 1);
    check_number(rows.rows[1], "sessions", 2);
    check_number(rows.rows[1], "racks", 2);
    check_number(rows.rows[1], "hours_counted", 3);
    check_number(rows.rows[1], "scans_per_hour", 1330000);
    check_number(rows.rows[1], "actions", 2);
    check_number(rows.rows[1], "last_at", INT64_C(1767657599000));
    check_text(rows.rows[2], "user_id", "bert"); /* records, no actions */
    check_number(rows.rows[2], "actions", 0);
    sv_rows_free(&rows);

    rows = report("user_activity", &(sv_fixed_filters_t){ .user = "anna", .floor = "G" });
    assert_int_equal(rows.count, 1);
    assert_false(sv_rows_known(rows.rows[0], "actions"));
    sv_rows_free(&rows);
}

static void
sessions_have_what_came_of_them(void **state)
{
    sv_rows_t rows = report("session_history", &(sv_fixed_filters_t){ 0 });

    (void) state;
    assert_int_equal(rows.count, 3);
    check_text(rows.rows[0], "session_id", "s2");
    check_number(rows.rows[0], "duration_seconds", 0);
    check_number(rows.rows[0], "items_per_minute", 60 * 1000000);
    check_text(rows.rows[1], "session_id", "s1");
    check_text(rows.rows[1], "count_name", "January");
    check_number(rows.rows[1], "duration_seconds", 600);
    check_number(rows.rows[1], "records", 2); /* the void does not count */
    check_number(rows.rows[1], "items", 1);
    check_number(rows.rows[1], "verified_qty", 4500000);
    check_number(rows.rows[1], "damage_qty", 1000000);
    check_number(rows.rows[1], "items_per_minute", 100000);
    check_number(rows.rows[1], "rack_completed", 1);
    check_text(rows.rows[2], "session_id", "s4");
    assert_false(sv_rows_known(rows.rows[2], "ended_at"));
    check_number(rows.rows[2], "duration_seconds", 120); /* until now */
    check_number(rows.rows[2], "records", 0);
    sv_rows_free(&rows);
    rows = report("session_history", &(sv_fixed_filters_t){ .user = "bert", .warehouse = "W1", .floor = "G" });
    assert_int_equal(rows.count, 1);
    sv_rows_free(&rows);
    figure(6, "20", "false", "replaced");
    figure(7, "34", "true", "counts");
    rows = report("session_history", &(sv_fixed_filters_t){ .user = "bert" });
    check_number(rows.rows[0], "records", 1);
    check_number(rows.rows[0], "verified_qty", 34000000); /* not 54 */
    sv_rows_free(&rows);
}

static void
the_trail_is_whole_and_in_order(void **state)
{
    sv_rows_t rows = report("audit_trail", &(sv_fixed_filters_t){ 0 });

    (void) state;
    assert_int_equal(rows.count, 4);
    check_text(rows.rows[0], "action", "auth.login");
    check_text(rows.rows[1], "action", "rack.claim");
    check_text(rows.rows[1], "full_name", "Anna A.");
    check_text(rows.rows[1], "details", "{\"note\":\"say \\\"hi\\\"\",\"n\":5}");
    check_text(rows.rows[3], "user_id", NULL);
    assert_false(sv_rows_known(rows.rows[3], "seq"));
    sv_rows_free(&rows);
    rows = report("audit_trail", &(sv_fixed_filters_t){ .user = "zoe" });
    assert_int_equal(rows.count, 1);
    sv_rows_free(&rows);
}

/* More rows than a batch, each with what is joined to it. */
static void
batches_join_every_row(void **state)
{
    enum { LINES = 1203 };
    sv_rows_t rows;

    (void) state;
    for (int i = 0; i < LINES; i++) {
        char code[16];

        snprintf(code, sizeof(code), "N%05d", i);
        item(code, "'floor': 'N', 'category': 'Many'", "1", "");
        book("c1", code, "1", i % 2 ? "1" : "-1", "anna", 8);
    }
    rows = report("variance", &(sv_fixed_filters_t){ .category = "Many" });
    assert_int_equal(rows.count, LINES);
    for (int i = 0; i < LINES; i++) {
        char code[16];

        snprintf(code, sizeof(code), "N%05d", i);
        check_text(rows.rows[i], "item_code", code);
        check_text(rows.rows[i], "item_name", sv_arena_printf(real.arena, "Item %s", code));
        check_text(rows.rows[i], "counted_by", "Anna A.");
    }
    sv_rows_free(&rows);
}

/* So much that a batch is full before it has its number of rows. */
static void
long_rows_are_all_there(void **state)
{
    enum { LENGTH = 3 << 20, LINES = 3 };
    char *text = memset(sv_arena_zalloc(real.arena, LENGTH + 1), 'x', LENGTH);
    sv_rows_t rows;

    (void) state;
    for (int i = 0; i < LINES; i++) {
        bson_t *entry = sv_doc_take(BCON_NEW("at", BCON_DATE_TIME(now_ms - LINES + i), "action", "long", "user_id",
                                             "anna", "count_id", "long", "seq", BCON_INT64(1000 + i), "details", "{",
                                             "text", BCON_UTF8(text), "}"),
                                    real.arena);

        assert_int_equal(sv_store_insert(real.store, SV_COLLECTION_ACTIVITY_LOGS, entry, &real.error), SV_OK);
    }
    rows = report("audit_trail", &(sv_fixed_filters_t){ .count_id = "long" });
    assert_int_equal(rows.count, LINES);
    for (int i = 0; i < LINES; i++) {
        check_number(rows.rows[i], "seq", 1000 + i);
        check_text(rows.rows[i], "full_name", "Anna A.");
        assert_true(strlen(sv_rows_text(rows.rows[i], "details")) > LENGTH);
    }
    sv_rows_free(&rows);
}

/* The slot's zone before the count's, the count's before TIME_ZONE. */
static void
days_are_those_of_the_counts_warehouse(void **state)
{
    static const struct {
        const char *params, *zone;
    } cases[] = {
        { "{'type': 'variance', 'format': 'csv', 'filters': {'count_id': 'c1', 'period': 'today'}}",
          "America/Los_Angeles" },
        { "{'type': 'variance', 'format': 'csv', 'filters': {'count_id': 'c1', 'period': 'today'}, 'tz': "
          "'Asia/Kolkata'}",
          "Asia/Kolkata" },
        { "{'type': 'variance', 'format': 'csv', 'filters': {'count_id': 'none', 'period': 'today'}}", "UTC" },
    };
    sv_warehouse_change_t change = { .time_zone = "America/Los_Angeles" };
    sv_fixed_request_t request;
    int64_t day_ms = INT64_C(24) * 3600 * 1000;

    (void) state;
    assert_int_equal(sv_warehouse_set(real.store, "W1", &change, &real.error), SV_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(sv_fixed_request_from_bson(sv_real_json(real.arena, cases[i].params), real.arena, &request));
        assert_int_equal(sv_fixed_request_settle(real.store, &request, NULL, now_ms, &real.error), SV_OK);
        assert_string_equal(sv_time_zone_name(request.filters.zone), cases[i].zone);
        assert_int_equal(request.filters.to_ms - request.filters.from_ms, day_ms);
    }
}

static sv_status_t
refuse(void *context, const bson_t *row, sv_error_t *error)
{
    (void) context;
    (void) row;
    return sv_fail(error, SV_ERR_BUSY, NULL);
}

static void
a_sink_that_stops_stops_the_report(void **state)
{
    static const char *const types[] = { "stock_summary", "variance", "user_activity", "session_history",
                                         "audit_trail" };

    (void) state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        sv_error_clear(&real.error);
        assert_int_equal(sv_fixed_run(real.store, sv_fixed_report(types[i]), &(sv_fixed_filters_t){ 0 }, now_ms,
                                      (sv_row_sink_t){ refuse, NULL }, &real.error),
                         SV_ERR_BUSY);
    }
}

int
main(void)
{
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(wrong_requests_name_the_field),
        cmocka_unit_test(requests_are_kept_and_read_back),
        cmocka_unit_test(periods_are_whole_days_of_a_zone),
    };
#define WITH_WORLD(test) cmocka_unit_test_prestate_setup_teardown(test, open_world, sv_real_mongodb_teardown, &real)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(stock_is_summed_by_place_and_category),
        WITH_WORLD(stock_of_several_units_is_not_added),
        WITH_WORLD(stock_without_a_place_is_one_group),
        WITH_WORLD(variances_come_count_by_count),
        WITH_WORLD(activity_is_by_day_and_person),
        WITH_WORLD(sessions_have_what_came_of_them),
        WITH_WORLD(the_trail_is_whole_and_in_order),
        WITH_WORLD(batches_join_every_row),
        WITH_WORLD(long_rows_are_all_there),
        WITH_WORLD(days_are_those_of_the_counts_warehouse),
        WITH_WORLD(a_sink_that_stops_stops_the_report),
    };
    int failed = cmocka_run_group_tests(plain, NULL, NULL);

    if (!sv_real_mongodb_named()) {
        return failed;
    }
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
