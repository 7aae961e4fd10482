/* Asking an ERP by way of a child: an SQLite file for real, texts of every script, and an end in time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "t/unit/sqlite_erp.h"
#include "worker/erp/child.h"
#include "worker/erp/client.h"

enum { PATIENCE_MS = 120000 }; /* SQLite makes a row of 1,500 megabytes in some twenty seconds beside other tests */

static sv_erp_mapping_t mapping = { .utf8 = true }; /* this driver knows no UTF-16 */

/* Runs the statement; its rows as "a|b\n" with NULL for null. */
static const char *
ask(sv_erp_client_t *client, const char *sql, const char *value, sv_error_t *error)
{
    sv_erp_statement_t statement = { .sql = sql, .parameter_count = value != NULL };
    const bson_t *rows = NULL;
    sv_buffer_t text;
    bson_iter_t row, cell;

    sv_buffer_init(&text, error->arena, 256);
    sv_buffer_puts(&text, "");
    if (sv_erp_client_query(client, &statement, &value, PATIENCE_MS, error) != SV_OK) {
        return NULL;
    }
    while (sv_erp_client_next(client, PATIENCE_MS, &rows, error) == SV_OK && rows != NULL) {
        assert_true(bson_iter_init(&row, rows));
        while (bson_iter_next(&row)) {
            assert_true(bson_iter_recurse(&row, &cell));
            while (bson_iter_next(&cell)) {
                sv_buffer_puts(&text, strcmp(bson_iter_key(&cell), "0") == 0 ? "" : "|");
                sv_buffer_puts(&text, BSON_ITER_HOLDS_UTF8(&cell) ? bson_iter_utf8(&cell, NULL) : "NULL");
            }
            sv_buffer_putc(&text, '\n');
        }
    }
    return error->status == SV_OK ? text.data : NULL;
}

static void
texts_numbers_and_nulls_come_as_they_are(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    const char *const *names;
    sv_error_t error;
    char *wide = sv_arena_alloc(arena, 30001);

    (void) state;
    sv_error_init(&error, arena);
    assert_non_null(ask(client, "CREATE TABLE t (code TEXT, name TEXT, qty NUMERIC)", NULL, &error));
    assert_non_null(
        ask(client, "INSERT INTO t VALUES ('a', 'Čaj \xf0\x9f\x8d\xb5 茶', 12.5), ('b ', NULL, -3)", NULL, &error));
    assert_string_equal(ask(client, "SELECT * FROM t ORDER BY code", NULL, &error),
                        "a|Čaj \xf0\x9f\x8d\xb5 茶|12.5\nb |NULL|-3\n");
    assert_int_equal(sv_erp_client_columns(client, &names), 3);
    assert_string_equal(names[1], "name");
    assert_string_equal(ask(client, "SELECT code FROM t WHERE name = ?", "Čaj \xf0\x9f\x8d\xb5 茶", &error), "a\n");
    memset(wide, 'x', 30000);
    wide[30000] = '\0';
    assert_int_equal(strlen(ask(client, "SELECT ?", wide, &error)), 30001);
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

/* 24 MB of them, of which a frame of the child's may hold no more than 16. */
static void
long_texts_come_whole_however_many_they_are(void **state)
{
    static const char many[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
                               "SELECT i, substr(replace(hex(zeroblob(20000)), '00', 'xy'), 1, 40000) FROM n";
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    const char *text;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    text = ask(client, many, NULL, &error);
    if (text == NULL) {
        fail_msg("%s", error.cause);
    }
    assert_int_equal(strlen(text), 9 * 3 + 90 * 4 + 501 * 5 + 600 * 40000);
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

/* One row of so many columns of a megabyte each: they are cut to a share of eight, and none passes for a whole text. */
static void
check_row_is_cut(int columns)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_buffer_t sql;
    const char *text;
    sv_error_t error;
    int cut = 0;

    sv_error_init(&error, arena);
    sv_buffer_init(&sql, arena, 1024);
    for (int i = 0; i < columns; i++) {
        sv_buffer_puts(&sql, i == 0 ? "SELECT t" : ", t");
    }
    sv_buffer_puts(&sql, " FROM (SELECT hex(zeroblob(524288)) AS t)");
    text = ask(client, sql.data, NULL, &error);
    if (text == NULL) {
        fail_msg("%s", error.cause);
    }
    for (const char *at = text; (at = strchr(at, '\xff')) != NULL; at++) {
        cut++;
    }
    assert_int_equal(cut, columns);
    assert_in_range(strlen(text), 8 * 1024 * 1024, 8 * 1024 * 1024 + 2 * columns); /* with the cuts and the bars */
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

static void
a_row_that_is_too_long_is_cut(void **state)
{
    (void) state;
    check_row_is_cut(40);
    check_row_is_cut(1500);
}

/* ---- a driver that wrote over what its process sends */

static const char broken_child[] = "TEST_BROKEN_CHILD";

/* Says yes to the connection, and answers the first question with what is no names. */
static int
run_broken_child(void)
{
    bson_t *const answers[] = { BCON_NEW("ok", BCON_BOOL(true)), BCON_NEW("columns", "[", BCON_INT32(1), "]") };
    char request[4096];

    for (size_t i = 0; i < 2; i++) {
        if (read(STDIN_FILENO, request, sizeof(request)) <= 0 ||
            write(STDOUT_FILENO, bson_get_data(answers[i]), answers[i]->len) != (ssize_t) answers[i]->len) {
            return EXIT_FAILURE;
        }
    }
    return read(STDIN_FILENO, request, sizeof(request)) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
columns_that_have_no_names_are_nonsense(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    setenv(broken_child, "1", 1);
    assert_null(ask(client, "SELECT 1", NULL, &error));
    unsetenv(broken_child);
    assert_string_equal(error.cause, "ERP: its driver's process talks nonsense");
    sv_error_clear(&error);
    assert_string_equal(ask(client, "SELECT 1", NULL, &error), "1\n");
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

static void
what_the_driver_refuses_is_told_and_the_next_call_works(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_null(ask(client, "SELECT a FROM nowhere", NULL, &error));
    assert_int_equal(error.status, SV_ERR_UNAVAILABLE);
    if (strstr(error.cause, "nowhere") == NULL) {
        fail_msg("%s", error.cause);
    }
    sv_error_clear(&error);
    assert_string_equal(ask(client, "SELECT 1", NULL, &error), "1\n");
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

/* A statement that never ends, which no driver's time limit would stop. */
static void
a_call_ends_in_time(void **state)
{
    static const sv_erp_statement_t endless = {
        .sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    const bson_t *rows = NULL;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    if (sv_erp_client_query(client, &endless, NULL, 1000, &error) == SV_OK) {
        sv_erp_client_next(client, 1000, &rows, &error);
    }
    assert_int_equal(error.status, SV_ERR_UNAVAILABLE);
    assert_string_equal(error.cause, "ERP: no answer in time");
    sv_error_clear(&error);
    assert_string_equal(ask(client, "SELECT 1", NULL, &error), "1\n");
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

/* Rows ("a", "b", ...) for the statement; fails as the client does. */
static sv_status_t
write_rows(sv_erp_client_t *client, const char *sql, const char *const *values, size_t count, int64_t for_ms,
           sv_erp_writing_t *writing, sv_error_t *error)
{
    static sv_erp_statement_t statement;
    const char *const **rows = sv_arena_alloc(error->arena, count * sizeof(rows[0]));

    for (size_t i = 0; i < count; i++) {
        rows[i] = &values[i];
    }
    statement = (sv_erp_statement_t){ .sql = sql, .parameter_count = 1 };
    *writing = (sv_erp_writing_t){ .statement = &statement, .rows = rows, .count = count, .for_ms = for_ms };
    return sv_erp_client_write(client, writing, 20000, error) == SV_OK
               ? sv_erp_client_written(client, writing, 20000, error)
               : error->status;
}

static void
rows_are_written_one_after_the_other(void **state)
{
    static const char *const values[] = { "x", NULL, "", "Čaj \xf0\x9f\x8d\xb5", "longer than all before it" };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_erp_writing_t writing;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_non_null(ask(client, "CREATE TABLE w (name TEXT)", NULL, &error));
    assert_int_equal(write_rows(client, "INSERT INTO w VALUES (?)", values, 5, 20000, &writing, &error), SV_OK);
    assert_int_equal(writing.taken, 5);
    assert_string_equal(ask(client, "SELECT name FROM w ORDER BY rowid", NULL, &error),
                        "x\nNULL\n\nČaj \xf0\x9f\x8d\xb5\nlonger than all before it\n");
    /* What it answers is read to its end, and another statement may follow. */
    assert_int_equal(write_rows(client, "SELECT name FROM w WHERE name <> ?", values, 5, 20000, &writing, &error),
                     SV_OK);
    assert_int_equal(writing.taken, 5);
    assert_string_equal(ask(client, "SELECT 1", NULL, &error), "1\n");
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

static void
no_row_is_written_behind_one_that_is_refused(void **state)
{
    static const char *const values[] = { "1", "2", "2", "3" };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_erp_writing_t writing;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_non_null(ask(client, "CREATE TABLE k (name TEXT PRIMARY KEY)", NULL, &error));
    assert_int_equal(write_rows(client, "INSERT INTO k VALUES (?)", values, 4, 20000, &writing, &error),
                     SV_ERR_UNAVAILABLE);
    assert_int_equal(writing.taken, 2);
    assert_non_null(sv_erp_client_refusal(client));
    sv_error_clear(&error);
    assert_string_equal(ask(client, "SELECT name FROM k ORDER BY name", NULL, &error), "1\n2\n");
    assert_int_equal(write_rows(client, "INSERT INTO nowhere VALUES (?)", values, 4, 20000, &writing, &error),
                     SV_ERR_UNAVAILABLE);
    assert_int_equal(writing.taken, 0);
    assert_non_null(sv_erp_client_refusal(client));
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

static void
no_row_is_begun_when_its_time_is_over(void **state)
{
    static const char *const values[] = { "1", "2" };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_erp_writing_t writing;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_non_null(ask(client, "CREATE TABLE l (name TEXT)", NULL, &error));
    assert_int_equal(write_rows(client, "INSERT INTO l VALUES (?)", values, 2, 0, &writing, &error), SV_OK);
    assert_int_equal(writing.taken, 0);
    assert_string_equal(ask(client, "SELECT name FROM l", NULL, &error), "");
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

/* The child begins with none before it has all. */
static void
of_rows_that_could_not_be_sent_none_is_on_its_way(void **state)
{
    static const char *const value = "1";
    const char *const *rows[] = { &value, &value };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_erp_statement_t statement = { .sql = "INSERT INTO l VALUES (?)", .parameter_count = 1 };
    sv_erp_writing_t writing = { .statement = &statement, .rows = rows, .count = 2, .for_ms = 20000 };
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_string_equal(ask(client, "SELECT 1", NULL, &error), "1\n");
    assert_int_equal(sv_erp_client_write(client, &writing, 0, &error), SV_ERR_UNAVAILABLE);
    assert_int_equal(writing.given, 0);
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

/* The second row hangs: it and the third may be there, the first is. */
static void
of_a_silent_erp_is_told_what_it_took(void **state)
{
    static const char *const values[] = { "1", "1000000000", "1" };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, NULL, NULL);
    sv_erp_statement_t statement = { .sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                                            "CAST(? AS INTEGER)) SELECT max(i) FROM n",
                                     .parameter_count = 1 };
    const char *const *rows[] = { &values[0], &values[1], &values[2] };
    sv_erp_writing_t writing = { .statement = &statement, .rows = rows, .count = 3, .for_ms = 20000 };
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_int_equal(sv_erp_client_write(client, &writing, 20000, &error), SV_OK);
    assert_int_equal(sv_erp_client_written(client, &writing, 1000, &error), SV_ERR_UNAVAILABLE);
    assert_null(sv_erp_client_refusal(client));
    assert_in_range(writing.taken, 0, 1); /* it tells of what was quick with what follows */
    assert_int_equal(writing.given, 3);
    sv_error_clear(&error);
    assert_string_equal(ask(client, "SELECT 1", NULL, &error), "1\n");
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

static bool
give_up(void *context)
{
    (void) context;
    return true;
}

static void
a_caller_may_give_up(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_client_t *client = sv_erp_client_create(&sv_sqlite_erp_settings, &mapping, give_up, NULL);
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_null(ask(client, "SELECT 1", NULL, &error));
    sv_erp_client_destroy(client);
    sv_arena_destroy(arena);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_numbers_and_nulls_come_as_they_are),
        cmocka_unit_test(long_texts_come_whole_however_many_they_are),
        cmocka_unit_test(a_row_that_is_too_long_is_cut),
        cmocka_unit_test(columns_that_have_no_names_are_nonsense),
        cmocka_unit_test(what_the_driver_refuses_is_told_and_the_next_call_works),
        cmocka_unit_test(rows_are_written_one_after_the_other),
        cmocka_unit_test(no_row_is_written_behind_one_that_is_refused),
        cmocka_unit_test(no_row_is_begun_when_its_time_is_over),
        cmocka_unit_test(of_rows_that_could_not_be_sent_none_is_on_its_way),
        cmocka_unit_test(of_a_silent_erp_is_told_what_it_took),
        cmocka_unit_test(a_call_ends_in_time),
        cmocka_unit_test(a_caller_may_give_up),
    };

    if (argc == 2 && strcmp(argv[1], SV_ERP_CHILD_ARGUMENT) == 0) { /* the client runs this program again */
        return getenv(broken_child) == NULL ? sv_erp_child_main() : run_broken_child();
    }
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, sv_sqlite_erp_open, sv_sqlite_erp_close);
}
