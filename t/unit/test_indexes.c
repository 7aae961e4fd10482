/* The catalogue, and a real server brought to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/store/document.h"
#include "core/store/indexes.h"
#include "t/unit/real_mongodb.h"

/* What the catalogue owes each collection of the system it replaces. */
static const struct {
    sv_collection_t collection;
    unsigned count;
} owed[] = {
    { SV_COLLECTION_VERIFICATION_RECORDS, 11 },
    { SV_COLLECTION_VERIFICATION_SESSIONS, 7 },
    { SV_COLLECTION_RACK_REGISTRY, 5 },
    { SV_COLLECTION_ITEM_SERIALS, 5 },
    { SV_COLLECTION_REPORT_SNAPSHOTS, 5 },
    { SV_COLLECTION_REPORT_COMPARE_JOBS, 4 },
    { SV_COLLECTION_COUNT_LINES, 5 },
    { SV_COLLECTION_SESSIONS, 6 },
    { SV_COLLECTION_ERP_ITEMS, 11 },
    { SV_COLLECTION_ACTIVITY_LOGS, 4 },
    { SV_COLLECTION_ERROR_LOGS, 4 },
};

typedef struct {
    const char *name;
    sv_collection_t collection;
    sv_index_outcome_t outcome;
    unsigned told;
} watch_t;

static void
watch(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail, void *context)
{
    watch_t *one = context;

    (void) detail;
    if (row->collection == one->collection && strcmp(row->name, one->name) == 0) {
        one->outcome = outcome;
        one->told++;
    }
}

static unsigned
rows_of(sv_collection_t collection)
{
    unsigned count = 0;

    for (size_t i = 0; i < sv_index_row_count; i++) {
        count += sv_index_rows[i].collection == collection;
    }
    return count;
}

static void
test_each_collection_has_its_indexes(void **state)
{
    unsigned total = 0;

    (void) state;
    for (size_t i = 0; i < sizeof(owed) / sizeof(owed[0]); i++) {
        if (rows_of(owed[i].collection) != owed[i].count) {
            fail_msg("%s has %u indexes, not %u", sv_collection_name(owed[i].collection), rows_of(owed[i].collection),
                     owed[i].count);
        }
        total += owed[i].count;
    }
    assert_true(total >= 50);
}

static void
test_names_are_unique_in_a_collection(void **state)
{
    (void) state;
    for (size_t i = 0; i < sv_index_row_count; i++) {
        for (size_t j = i + 1; j < sv_index_row_count; j++) {
            assert_false(sv_index_rows[i].collection == sv_index_rows[j].collection &&
                         strcmp(sv_index_rows[i].name, sv_index_rows[j].name) == 0);
        }
    }
}

static void
test_a_new_database_gets_every_index_once(void **state)
{
    sv_real_mongodb_t *real = *state;
    sv_index_summary_t summary;

    if (real == NULL) {
        skip();
    }
    mongoc_database_drop(real->store->database, NULL);
    assert_int_equal(sv_indexes_show(real->store, NULL, NULL, &summary, &real->error), SV_OK);
    assert_int_equal(summary.counts[SV_INDEX_MISSING], sv_index_row_count);

    assert_int_equal(sv_indexes_ensure(real->store, NULL, NULL, &summary, &real->error), SV_OK);
    assert_int_equal(summary.counts[SV_INDEX_CREATED] + summary.counts[SV_INDEX_UNSUPPORTED], sv_index_row_count);
    assert_true(summary.counts[SV_INDEX_UNSUPPORTED] <= 1);

    unsigned created = summary.counts[SV_INDEX_CREATED];
    assert_int_equal(sv_indexes_ensure(real->store, NULL, NULL, &summary, &real->error), SV_OK);
    assert_int_equal(summary.counts[SV_INDEX_KEPT], created);
    assert_int_equal(summary.counts[SV_INDEX_CREATED], 0);
    assert_int_equal(summary.counts[SV_INDEX_DIFFERENT], 0);
}

static void
test_an_index_of_another_definition_is_told_and_left(void **state)
{
    sv_real_mongodb_t *real = *state;
    watch_t serial = { .name = "serial_scope", .collection = SV_COLLECTION_ITEM_SERIALS };
    mongoc_collection_t *collection;
    sv_index_summary_t summary;
    bson_t *command;

    if (real == NULL) {
        skip();
    }
    collection = real->store->collections[SV_COLLECTION_ITEM_SERIALS];
    assert_true(mongoc_collection_drop_index(collection, "serial_scope", NULL));
    command = sv_real_json(real->arena, "{'createIndexes': 'item_serials', 'indexes': [{'name': 'serial_scope', 'key': "
                                        "{'serial_number': 1}}, {'name': 'of_others', 'key': {'lot': 1}}]}");
    assert_true(mongoc_database_write_command_with_opts(real->store->database, command, NULL, NULL, NULL));

    assert_int_equal(sv_indexes_ensure(real->store, watch, &serial, &summary, &real->error), SV_OK);
    assert_int_equal(serial.told, 1);
    assert_int_equal(serial.outcome, SV_INDEX_DIFFERENT);
    assert_int_equal(summary.counts[SV_INDEX_DIFFERENT], 1);
    assert_true(mongoc_collection_drop_index(collection, "of_others", NULL)); /* it was left alone */

    assert_true(mongoc_collection_drop_index(collection, "serial_scope", NULL));
    assert_int_equal(sv_indexes_ensure(real->store, watch, &serial, &summary, &real->error), SV_OK);
    assert_int_equal(serial.outcome, SV_INDEX_CREATED);
}

static void
test_an_index_that_data_forbids_fails_alone(void **state)
{
    sv_real_mongodb_t *real = *state;
    watch_t serial = { .name = "serial_scope", .collection = SV_COLLECTION_ITEM_SERIALS };
    watch_t other = { .name = "item_serial", .collection = SV_COLLECTION_ITEM_SERIALS };
    mongoc_collection_t *collection;
    sv_index_summary_t summary;

    if (real == NULL) {
        skip();
    }
    collection = real->store->collections[SV_COLLECTION_ITEM_SERIALS];
    assert_true(mongoc_collection_drop_index(collection, "serial_scope", NULL));
    assert_true(mongoc_collection_drop_index(collection, "item_serial", NULL));
    sv_real_insert(real, SV_COLLECTION_ITEM_SERIALS, "{'serial_number': 'S1', 'serial_key': 's1', 'item_scope': ''}");
    sv_real_insert(real, SV_COLLECTION_ITEM_SERIALS, "{'serial_number': 'S1', 'serial_key': 's1', 'item_scope': ''}");

    assert_int_equal(sv_indexes_ensure(real->store, watch, &serial, &summary, &real->error), SV_OK);
    assert_int_equal(serial.outcome, SV_INDEX_FAILED);
    assert_int_equal(summary.counts[SV_INDEX_FAILED], 1);
    assert_int_equal(sv_indexes_show(real->store, watch, &other, &summary, &real->error), SV_OK);
    assert_int_equal(other.outcome, SV_INDEX_KEPT);
}

static void
test_unique_indexes_refuse_the_second(void **state)
{
    static const struct {
        sv_collection_t collection;
        const char *document;
        bool twice;
    } cases[] = {
        { SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': 'r1', 'session_id': 's', 'item_code': 'i'}",
          false },
        { SV_COLLECTION_SESSIONS, "{'session_id': 'c1', 'warehouse': 'W', 'kind': 'standing', 'status': 'OPEN'}",
          false },
        { SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R1', 'warehouse': 'W'}", false },
        { SV_COLLECTION_ACTIVITY_LOGS, "{'sealed': true, 'seq': 1}", false },
        { SV_COLLECTION_ACTIVITY_LOGS, "{'sealed': false, 'at': {'$date': '2026-01-05T08:00:00Z'}}", true },
    };
    sv_real_mongodb_t *real = *state;

    if (real == NULL) {
        skip();
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_status_t second;

        sv_real_insert(real, cases[i].collection, cases[i].document);
        second = sv_store_insert(real->store, cases[i].collection, sv_real_json(real->arena, cases[i].document),
                                 &real->error);
        assert_int_equal(second, cases[i].twice ? SV_OK : SV_ERR_ALREADY_EXISTS);
        sv_error_clear(&real->error);
    }
    /* one whole figure for an item in a floor session, any number of partial ones */
    sv_real_insert(real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'w1', 'session_id': 's2', 'item_code': 'i', 'whole': true}");
    sv_real_insert(real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'p1', 'session_id': 's2', 'item_code': 'i', 'whole': false}");
    sv_real_insert(real, SV_COLLECTION_VERIFICATION_RECORDS,
                   "{'client_record_id': 'p2', 'session_id': 's2', 'item_code': 'i', 'whole': false}");
    assert_int_equal(
        sv_store_insert(real->store, SV_COLLECTION_VERIFICATION_RECORDS,
                        sv_real_json(real->arena, "{'client_record_id': 'w2', 'session_id': 's2', 'item_code': 'i', "
                                                  "'whole': true}"),
                        &real->error),
        SV_ERR_ALREADY_EXISTS);
    sv_error_clear(&real->error);
}

static int
open_server(void **state)
{
    static sv_real_mongodb_t real;

    *state = sv_real_mongodb_open(&real) ? &real : NULL;
    return 0;
}

static int
close_server(void **state)
{
    if (*state != NULL) {
        sv_real_mongodb_close(*state);
    }
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_collection_has_its_indexes),
        cmocka_unit_test(test_names_are_unique_in_a_collection),
        cmocka_unit_test_setup_teardown(test_a_new_database_gets_every_index_once, open_server, close_server),
        cmocka_unit_test_setup_teardown(test_an_index_of_another_definition_is_told_and_left, open_server,
                                        close_server),
        cmocka_unit_test_setup_teardown(test_an_index_that_data_forbids_fails_alone, open_server, close_server),
        cmocka_unit_test_setup_teardown(test_unique_indexes_refuse_the_second, open_server, close_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
