#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/codec.h"
#include "core/store/document.h"
#include "core/store/page.h"
#include "core/store/store.h"
#include "core/store/transaction.h"

enum { WRITERS = 4, ROUNDS = 25 };

static sv_settings_t settings;
static sv_store_pool_t *pool;
static char database[64];

typedef struct {
    sv_arena_t *arena;
    sv_error_t error;
    sv_store_t *store;
} bench_t;

static int
bench_setup(void **state)
{
    bench_t *bench = calloc(1, sizeof(*bench));

    bench->arena = sv_arena_create();
    sv_error_init(&bench->error, bench->arena);
    bench->store = sv_store_acquire(pool);
    *state = bench;
    return bench->store == NULL;
}

static int
bench_teardown(void **state)
{
    bench_t *bench = *state;

    sv_store_release(bench->store);
    sv_arena_destroy(bench->arena);
    free(bench);
    return 0;
}

static int
connect_once(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;
    uint8_t random[4];
    char hex[9];

    (void) state;
    sv_error_init(&error, arena);
    sv_random_bytes(random, sizeof(random));
    sv_hex_encode(random, sizeof(random), hex);
    snprintf(database, sizeof(database), "sv_test_store_%s", hex);
    settings.mongodb_uri = getenv("SV_TEST_MONGODB");
    settings.mongodb_database = database;
    settings.mongodb_timeout = 5000;
    settings.transaction_time = 5000;
    pool = sv_store_pool_create(&settings, WRITERS + 1, &error);
    sv_arena_destroy(arena);
    return pool == NULL;
}

static int
disconnect(void **state)
{
    sv_store_t *store = sv_store_acquire(pool);

    (void) state;
    mongoc_database_drop(store->database, NULL);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    return 0;
}

static void
insert_counter(bench_t *bench, const char *name)
{
    bson_t *document = BCON_NEW("name", name, "value", BCON_INT64(0));

    assert_int_equal(sv_store_insert(bench->store, SV_COLLECTION_JOBS, document, &bench->error), SV_OK);
    bson_destroy(document);
}

static int64_t
counter_value(bench_t *bench, const char *name)
{
    bson_t *filter = BCON_NEW("name", name);
    const bson_t *document;

    assert_int_equal(
        sv_store_find_one(bench->store, SV_COLLECTION_JOBS, filter, NULL, bench->arena, &document, &bench->error),
        SV_OK);
    bson_destroy(filter);
    assert_non_null(document);
    return sv_doc_int(document, "value");
}

/* Reads the counter, then writes what it read plus one: a lost update unless conflicts restart it. */
static sv_status_t
read_then_write(sv_store_t *store, void *context, sv_error_t *error)
{
    const char *name = context;
    bson_t *filter = BCON_NEW("name", name);
    bson_t *update;
    const bson_t *document;
    sv_status_t status;

    status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, error->arena, &document, error);
    if (status == SV_OK) {
        update = BCON_NEW("$set", "{", "value", BCON_INT64(sv_doc_int(document, "value") + 1), "}");
        status = sv_store_update_one(store, SV_COLLECTION_JOBS, filter, update, NULL, error);
        bson_destroy(update);
    }
    bson_destroy(filter);
    return status;
}

static void *
writer(void *name)
{
    sv_store_t *store = sv_store_acquire(pool);
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;
    uintptr_t done = 0;

    for (int i = 0; i < ROUNDS; i++) {
        sv_error_init(&error, arena);
        done += sv_transaction_run(store, read_then_write, name, &error) == SV_OK;
    }
    sv_arena_destroy(arena);
    sv_store_release(store);
    return (void *) done;
}

static void
conflicting_transactions_all_get_through(void **state)
{
    bench_t *bench = *state;
    pthread_t threads[WRITERS];
    uintptr_t done = 0;

    insert_counter(bench, "shared");
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, writer, "shared"), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        done += (uintptr_t) result;
    }
    assert_int_equal(done, WRITERS * ROUNDS);
    assert_int_equal(counter_value(bench, "shared"), WRITERS * ROUNDS);
}

typedef struct {
    sv_store_t *other;
    const char *name;
    int runs;
    int interfere; /* how many runs somebody else writes into */
} interference_t;

/* Takes its snapshot, lets another client change the document, then writes: a write conflict. */
static sv_status_t
interfered(sv_store_t *store, void *context, sv_error_t *error)
{
    interference_t *interference = context;
    bson_t *filter = BCON_NEW("name", interference->name);
    bson_t *update = BCON_NEW("$inc", "{", "value", BCON_INT64(1), "}");
    const bson_t *document;
    sv_status_t status;

    status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, error->arena, &document, error);
    if (status == SV_OK && interference->runs++ < interference->interfere) {
        status = sv_store_update_one(interference->other, SV_COLLECTION_JOBS, filter, update, NULL, error);
    }
    if (status == SV_OK) {
        status = sv_store_update_one(store, SV_COLLECTION_JOBS, filter, update, NULL, error);
    }
    bson_destroy(filter);
    bson_destroy(update);
    return status;
}

static void
a_transient_label_restarts_the_body(void **state)
{
    bench_t *bench = *state;
    interference_t interference = { .other = sv_store_acquire(pool), .name = "interfered", .interfere = 2 };

    insert_counter(bench, "interfered");
    assert_int_equal(sv_transaction_run(bench->store, interfered, &interference, &bench->error), SV_OK);
    assert_int_equal(interference.runs, 3);
    assert_int_equal(counter_value(bench, "interfered"), 3);
    sv_store_release(interference.other);
}

static void
time_over_is_busy_and_known_to_have_failed(void **state)
{
    bench_t *bench = *state;
    interference_t interference = { .other = sv_store_acquire(pool), .name = "starved", .interfere = 1000000 };
    sv_settings_t hasty = settings;

    insert_counter(bench, "starved");
    hasty.transaction_time = 100;
    bench->store->settings = &hasty;
    assert_int_equal(sv_transaction_run(bench->store, interfered, &interference, &bench->error), SV_ERR_BUSY);
    bench->store->settings = &settings;
    assert_false(bench->store->outcome_unknown);
    assert_non_null(bench->error.cause);
    /* What the other client wrote stands, what the transaction wrote does not. */
    assert_int_equal(counter_value(bench, "starved"), interference.runs);
    sv_store_release(interference.other);
}

static sv_status_t
insert_then_refuse(sv_store_t *store, void *context, sv_error_t *error)
{
    bson_t *document = BCON_NEW("name", "refused");
    sv_status_t status = sv_store_insert(store, SV_COLLECTION_JOBS, document, error);

    (void) context;
    bson_destroy(document);
    return status == SV_OK ? sv_fail(error, SV_ERR_RACK_LOCKED, "no") : status;
}

static void
a_body_that_refuses_leaves_nothing(void **state)
{
    bench_t *bench = *state;
    bson_t *filter = BCON_NEW("name", "refused");
    const bson_t *document;

    insert_counter(bench, "something"); /* the collection stands before the transaction */
    assert_int_equal(sv_transaction_run(bench->store, insert_then_refuse, NULL, &bench->error), SV_ERR_RACK_LOCKED);
    assert_string_equal(bench->error.message, "no");
    sv_error_clear(&bench->error);
    assert_int_equal(
        sv_store_find_one(bench->store, SV_COLLECTION_JOBS, filter, NULL, bench->arena, &document, &bench->error),
        SV_OK);
    assert_null(document);
    assert_null(bench->store->transaction);
    bson_destroy(filter);
}

static void
a_duplicate_key_is_already_exists(void **state)
{
    bench_t *bench = *state;
    bson_t *document = BCON_NEW("_id", "once");

    assert_int_equal(sv_store_insert(bench->store, SV_COLLECTION_USERS, document, &bench->error), SV_OK);
    assert_int_equal(sv_store_insert(bench->store, SV_COLLECTION_USERS, document, &bench->error),
                     SV_ERR_ALREADY_EXISTS);
    bson_destroy(document);
}

static void
find_and_update_gives_old_new_or_nothing(void **state)
{
    bench_t *bench = *state;
    bson_t *filter = BCON_NEW("name", "modified");
    bson_t *update = BCON_NEW("$inc", "{", "value", BCON_INT64(5), "}");
    const bson_t *document;

    assert_int_equal(sv_store_find_and_update(bench->store, SV_COLLECTION_JOBS, filter, update, true, false,
                                              bench->arena, &document, &bench->error),
                     SV_OK);
    assert_null(document);
    insert_counter(bench, "modified");
    assert_int_equal(sv_store_find_and_update(bench->store, SV_COLLECTION_JOBS, filter, update, true, false,
                                              bench->arena, &document, &bench->error),
                     SV_OK);
    assert_int_equal(sv_doc_int(document, "value"), 5);
    assert_int_equal(sv_store_find_and_update(bench->store, SV_COLLECTION_JOBS, filter, update, false, false,
                                              bench->arena, &document, &bench->error),
                     SV_OK);
    assert_int_equal(sv_doc_int(document, "value"), 5);
    assert_int_equal(counter_value(bench, "modified"), 10);
    bson_destroy(filter);
    bson_destroy(update);
}

static void
the_server_is_fit_and_tells_its_time(void **state)
{
    bench_t *bench = *state;
    int64_t first = 0, second = 0;

    assert_int_equal(sv_store_check_server(bench->store, &bench->error), SV_OK);
    assert_int_equal(sv_store_ping(bench->store, &bench->error), SV_OK);
    assert_int_equal(sv_store_now(bench->store, &first, &bench->error), SV_OK);
    assert_int_equal(sv_store_now(bench->store, &second, &bench->error), SV_OK);
    assert_true(first > INT64_C(1700000000000));
    assert_true(second >= first);
}

static void
write_number(sv_json_writer_t *w, const bson_t *row, void *context)
{
    int *seen = context;

    seen[sv_doc_int(row, "n")]++;
    sv_json_int(w, NULL, sv_doc_int(row, "n"));
}

static const char *
next_cursor(const char *json, sv_arena_t *arena)
{
    const char *at = strstr(json, "\"next_cursor\":\"");
    const char *start;

    if (at == NULL) {
        return NULL;
    }
    start = at + strlen("\"next_cursor\":\"");
    return sv_arena_strndup(arena, start, strcspn(start, "\""));
}

enum { ROWS = 25 };

static const char *
read_page(bench_t *bench, sv_page_t *page, int *seen)
{
    sv_buffer_t out;
    sv_json_writer_t w;
    bson_t filter = BSON_INITIALIZER;
    sv_status_t status;

    sv_buffer_init(&out, bench->arena, 256);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    status = sv_page_run(bench->store, SV_COLLECTION_COUNT_LINES, &filter, NULL, page, write_number, seen, &w,
                         bench->arena, &bench->error);
    sv_json_end(&w);
    assert_int_equal(status, SV_OK);
    return next_cursor(out.data, bench->arena);
}

static void
pages_give_every_row_once(void **state)
{
    bench_t *bench = *state;
    sv_page_t pages[] = {
        { .list = "up", .sort_field = "at", .unique_field = "n", .direction = 1, .limit = 4 },
        { .list = "down", .sort_field = "at", .unique_field = "n", .direction = -1, .limit = 4 },
        { .list = "plain", .unique_field = "n", .direction = 1, .limit = 5 },
    };

    /* Equal times, and rows without one. */
    for (int n = 0; n < ROWS; n++) {
        bson_t row = BSON_INITIALIZER;

        BSON_APPEND_INT32(&row, "n", n);
        sv_doc_put_time(&row, "at", n % 5 * 1000);
        assert_int_equal(sv_store_insert(bench->store, SV_COLLECTION_COUNT_LINES, &row, &bench->error), SV_OK);
        bson_destroy(&row);
    }
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        int seen[ROWS] = { 0 }, reads = 0;

        do {
            pages[i].cursor = read_page(bench, &pages[i], seen);
            reads++;
        } while (pages[i].cursor != NULL);
        for (int n = 0; n < ROWS; n++) {
            assert_int_equal(seen[n], 1);
        }
        assert_int_equal(reads, (ROWS + pages[i].limit - 1) / pages[i].limit);
    }
}

static void
a_foreign_or_damaged_cursor_is_refused(void **state)
{
    static const char *const bad[] = { "x", "AAAA", "!!", "BQAAAAA" };
    bench_t *bench = *state;
    sv_page_t page = { .list = "one", .unique_field = "n", .direction = 1, .limit = 2 };
    int seen[ROWS] = { 0 };
    sv_page_rows_t rows;
    bson_t filter = BSON_INITIALIZER;
    const char *cursor = read_page(bench, &page, seen);

    assert_non_null(cursor);
    page.list = "two";
    page.cursor = cursor;
    assert_int_equal(
        sv_page_read(bench->store, SV_COLLECTION_COUNT_LINES, &filter, NULL, &page, &rows, bench->arena, &bench->error),
        SV_ERR_CURSOR_INVALID);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sv_error_clear(&bench->error);
        page.cursor = bad[i];
        assert_int_equal(sv_page_read(bench->store, SV_COLLECTION_COUNT_LINES, &filter, NULL, &page, &rows,
                                      bench->arena, &bench->error),
                         SV_ERR_CURSOR_INVALID);
    }
}

static void
documents_read_back_and_print_as_plain_json(void **state)
{
    bench_t *bench = *state;
    bson_t *document = sv_doc_new(bench->arena);
    sv_buffer_t out;
    sv_json_writer_t w;
    bson_t current, list;

    BSON_APPEND_INT32(document, "_id", 1);
    sv_doc_put_text(document, "name", "R\"1");
    sv_doc_put_text(document, "none", NULL);
    sv_doc_put_time(document, "at", INT64_C(1767600000000));
    sv_doc_put_quantity(document, "qty", 12500000);
    BSON_APPEND_DOCUMENT_BEGIN(document, "current", &current);
    BSON_APPEND_UTF8(&current, "rack_id", "R1");
    bson_append_document_end(document, &current);
    BSON_APPEND_ARRAY_BEGIN(document, "list", &list);
    BSON_APPEND_INT64(&list, "0", 7);
    BSON_APPEND_BOOL(&list, "1", true);
    bson_append_array_end(document, &list);
    assert_string_equal(sv_doc_text(document, "current.rack_id", bench->arena), "R1");
    assert_null(sv_doc_text(document, "qty", bench->arena));
    assert_false(sv_doc_has(document, "none"));
    assert_int_equal(sv_doc_quantity(document, "qty"), 12500000);
    assert_int_equal(sv_doc_int(sv_doc_child(document, "list", bench->arena), "0"), 7);
    assert_null(sv_doc_child(document, "name", bench->arena));
    sv_buffer_init(&out, bench->arena, 16);
    sv_json_writer_init(&w, &out);
    sv_doc_write_json(&w, NULL, document);
    assert_string_equal(out.data, "{\"name\":\"R\\\"1\",\"none\":null,\"at\":\"2026-01-05T08:00:00Z\",\"qty\":12.5,"
                                  "\"current\":{\"rack_id\":\"R1\"},\"list\":[7,true]}");
}

static void
a_server_that_is_not_there_is_unavailable(void **state)
{
    bench_t *bench = *state;
    sv_settings_t elsewhere = settings;
    sv_store_pool_t *lost;
    sv_store_t *store;

    elsewhere.mongodb_uri = "mongodb://127.0.0.1:1/?directConnection=true";
    elsewhere.mongodb_timeout = 200;
    lost = sv_store_pool_create(&elsewhere, 1, &bench->error);
    assert_non_null(lost);
    store = sv_store_acquire(lost);
    assert_int_equal(sv_store_ping(store, &bench->error), SV_ERR_UNAVAILABLE);
    assert_null(sv_store_acquire(lost)); /* the only client is out */
    sv_store_release(store);
    sv_store_pool_destroy(lost);
    sv_error_clear(&bench->error);
    elsewhere.mongodb_uri = "nonsense";
    assert_null(sv_store_pool_create(&elsewhere, 1, &bench->error));
    assert_int_equal(bench->error.status, SV_ERR_INTERNAL);
}

static int32_t
call_limit_ms(sv_store_pool_t *of)
{
    sv_store_t *store = sv_store_acquire(of);
    int32_t limit_ms =
        mongoc_uri_get_option_as_int32(mongoc_client_get_uri(store->client), MONGOC_URI_SOCKETTIMEOUTMS, 0);

    sv_store_release(store);
    sv_store_pool_destroy(of);
    return limit_ms;
}

static void
a_call_may_take_longer_where_nobody_waits(void **state)
{
    bench_t *bench = *state;
    sv_settings_t limits = settings;

    limits.mongodb_timeout = 700;
    limits.worker_mongodb_timeout = 90000;
    assert_int_equal(call_limit_ms(sv_store_pool_create(&limits, 1, &bench->error)), 700);
    assert_int_equal(call_limit_ms(sv_store_pool_create_patient(&limits, 1, &bench->error)), 90000);
    limits.mongodb_uri = "mongodb://127.0.0.1:1/?directConnection=true&socketTimeoutMS=1234";
    assert_int_equal(call_limit_ms(sv_store_pool_create_patient(&limits, 1, &bench->error)), 1234);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bench_setup, bench_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_server_is_fit_and_tells_its_time),      TEST(conflicting_transactions_all_get_through),
        TEST(a_transient_label_restarts_the_body),       TEST(time_over_is_busy_and_known_to_have_failed),
        TEST(a_body_that_refuses_leaves_nothing),        TEST(a_duplicate_key_is_already_exists),
        TEST(find_and_update_gives_old_new_or_nothing),  TEST(pages_give_every_row_once),
        TEST(a_foreign_or_damaged_cursor_is_refused),    TEST(documents_read_back_and_print_as_plain_json),
        TEST(a_server_that_is_not_there_is_unavailable), TEST(a_call_may_take_longer_where_nobody_waits),
    };

    if (getenv("SV_TEST_MONGODB") == NULL) {
        puts("test_store: skipped, SV_TEST_MONGODB names no server");
        return 0;
    }
    return cmocka_run_group_tests(tests, connect_once, disconnect);
}
