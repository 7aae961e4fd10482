/* Lines of an adjustment into an SQLite ERP: what becomes of each when they go together and one of them is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "t/unit/sqlite_erp.h"
#include "worker/erp/adjustment_writer.h"
#include "worker/erp/child.h"
#include "worker/erp/frame.h"

static const char dies_early[] = "STOCKVERIFY_TEST_CHILD_DIES"; /* of the environment */

static const char mapping_text[] =
    "[erp]\nencoding = utf-8\n[lookup]\nSELECT code AS item_code FROM lines WHERE code = :code\n"
    "[full]\nSELECT code AS item_code FROM lines\n"
    "[write_adjustment]\nINSERT INTO lines VALUES (:adjustment_id, :line, :item_code, :delta, :lot)\n"
    "[find_adjustment]\nSELECT code AS item_code, lot, delta FROM lines WHERE adjustment_id = :adjustment_id AND line "
    "= :line\n";

enum { LINES = 300 };

typedef struct {
    sv_arena_t *arena;
    sv_erp_mapping_t mapping;
    sv_adjustment_writer_t writer;
    sv_posting_line_t lines[LINES];
    sv_posting_chunk_t chunk;
} world_t;

/* Runs a statement; the first cell of its first row, NULL where there is none. */
static const char *
erp(world_t *world, const char *sql)
{
    sv_erp_statement_t statement = { .sql = sql };
    const char *text = NULL;
    const bson_t *rows = NULL;
    sv_error_t error;
    bson_iter_t cell;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_erp_client_query(world->writer.client, &statement, NULL, 20000, &error), SV_OK);
    do {
        assert_int_equal(sv_erp_client_next(world->writer.client, 20000, &rows, &error), SV_OK);
        if (rows != NULL && bson_iter_init(&cell, rows) && bson_iter_find_descendant(&cell, "0.0", &cell)) {
            text = sv_arena_strdup(world->arena, bson_iter_utf8(&cell, NULL));
        }
    } while (rows != NULL);
    return text;
}

/* An ERP that has no lines. */
static int
set_up(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    world_t *world = sv_arena_zalloc(arena, sizeof(*world));
    sv_error_t error;

    sv_error_init(&error, arena);
    world->arena = arena;
    if (sv_erp_mapping_parse("mapping", mapping_text, strlen(mapping_text), arena, &world->mapping, &error) != SV_OK) {
        return -1;
    }
    world->writer =
        (sv_adjustment_writer_t){ .client = sv_erp_client_create(&sv_sqlite_erp_settings, &world->mapping, NULL, NULL),
                                  .mapping = &world->mapping,
                                  .limit_ms = 20000,
                                  .until_ms = sv_clock_monotonic_ms() + 60000,
                                  .turn_ms = 60000 };
    erp(world, "DROP TABLE IF EXISTS lines");
    erp(world, "CREATE TABLE lines (adjustment_id TEXT, line INTEGER, code TEXT CHECK (code <> 'GONE'), delta NUMERIC,"
               " lot TEXT, PRIMARY KEY (adjustment_id, line))");
    world->chunk =
        (sv_posting_chunk_t){ .adjustment_id = "a", .posted_by = "Boss", .note = "Year end", .lines = world->lines };
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    world_t *world = *state;

    sv_erp_client_destroy(world->writer.client);
    sv_arena_destroy(world->arena);
    return 0;
}

static sv_posting_line_t *
add_line(world_t *world, const char *item_code)
{
    sv_posting_line_t *line = &world->chunk.lines[world->chunk.count++];

    *line = (sv_posting_line_t){ .n = (int64_t) world->chunk.count,
                                 .item_code = item_code,
                                 .warehouse = "Main",
                                 .lot = "",
                                 .delta = -3 * SV_QUANTITY_ONE,
                                 .outcome = SV_POSTING_STAYS_SENT };
    return line;
}

static void
all_are_taken(void **state)
{
    world_t *world = *state;

    for (int i = 0; i < LINES; i++) {
        add_line(world, "A");
    }
    sv_adjustment_writer_begin(&world->writer, &world->chunk, world->arena);
    assert_ptr_equal(world->writer.begun, &world->chunk);
    assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    for (size_t i = 0; i < world->chunk.count; i++) {
        assert_int_equal(world->chunk.lines[i].outcome, SV_POSTING_IS_APPLIED);
    }
    assert_string_equal(
        erp(world, "SELECT count(*) || ' ' || sum(delta) || ' ' || max(line) FROM lines WHERE lot IS NULL"),
        "300 -900 300");
}

static void
one_that_is_refused_keeps_none_from_going(void **state)
{
    world_t *world = *state;
    sv_posting_line_t *first = add_line(world, "A"), *gone = add_line(world, "GONE"), *last = add_line(world, "B");

    gone->attempts = 1;
    assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    assert_int_equal(first->outcome, SV_POSTING_IS_APPLIED);
    assert_int_equal(gone->outcome, SV_POSTING_GOES_AGAIN);
    assert_true(gone->said_no);
    assert_non_null(gone->reason);
    assert_int_equal(last->outcome, SV_POSTING_IS_APPLIED);
    assert_false(world->writer.singly);
    assert_string_equal(erp(world, "SELECT group_concat(line) FROM lines"), "1,3");
}

/* Nothing says whether the driver takes lines together. */
static void
the_first_that_is_refused_goes_by_itself(void **state)
{
    world_t *world = *state;
    sv_posting_line_t *gone = add_line(world, "GONE"), *last = add_line(world, "B");

    assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    assert_int_equal(gone->outcome, SV_POSTING_GOES_AGAIN);
    assert_true(gone->said_no);
    assert_int_equal(last->outcome, SV_POSTING_IS_APPLIED);
    assert_true(world->writer.singly);
    assert_string_equal(erp(world, "SELECT group_concat(line) FROM lines"), "2");
}

static void
what_is_there_already_is_not_sent_over(void **state)
{
    world_t *world = *state;
    sv_posting_line_t *same = add_line(world, "A"), *other = add_line(world, "B"), *last = add_line(world, "C");

    erp(world, "INSERT INTO lines VALUES ('a', 1, 'A', -3, NULL), ('a', 2, 'B', 99, NULL)");
    assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    assert_int_equal(same->outcome, SV_POSTING_IS_APPLIED);
    assert_int_equal(other->outcome, SV_POSTING_IS_REFUSED);
    assert_int_equal(last->outcome, SV_POSTING_IS_APPLIED);
    assert_string_equal(erp(world, "SELECT group_concat(line || ' ' || delta) FROM lines"), "1 -3,2 99,3 -3");
}

static void
slow_down(world_t *world, int rounds)
{
    erp(world, sv_arena_printf(world->arena,
                               "CREATE TRIGGER slow BEFORE INSERT ON lines WHEN NEW.code = 'SLOW' BEGIN SELECT "
                               "count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
                               "i < %d) SELECT i FROM n); END",
                               rounds));
}

/* Of lines that were on their way with one that hangs nobody knows; those are asked for later. */
static void
behind_one_that_hangs_all_stay_sent(void **state)
{
    world_t *world = *state;

    slow_down(world, 1000000000);
    add_line(world, "SLOW");
    add_line(world, "A");
    world->writer.limit_ms = 1000;
    assert_false(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    assert_int_equal(world->chunk.lines[1].outcome, SV_POSTING_STAYS_SENT);
    world->writer.limit_ms = 20000;
    assert_null(erp(world, "SELECT line FROM lines"));
}

/* A child that answers that it took all rows, and ends before it says that these are all. */
static int
die_early(void)
{
    uint8_t bytes[65536];

    while (read(STDIN_FILENO, bytes, SV_ERP_FRAME_HEAD) == SV_ERP_FRAME_HEAD) {
        size_t length = sv_erp_frame_length(bytes), at = SV_ERP_FRAME_HEAD;
        sv_erp_frame_rows_t rows;
        bson_t request, *answer;
        bool told;

        while (at < length) {
            ssize_t got = read(STDIN_FILENO, bytes + at, length - at);

            at += got > 0 ? (size_t) got : length;
        }
        if (at != length || !bson_init_static(&request, bytes, length)) {
            break;
        }
        answer = sv_erp_frame_rows(&request, &rows) ? BCON_NEW("wrote", BCON_INT64((int64_t) rows.count))
                                                    : BCON_NEW("ok", BCON_BOOL(true));
        told = write(STDOUT_FILENO, bson_get_data(answer), answer->len) == (ssize_t) answer->len;
        bson_destroy(answer);
        if (!told || rows.count > 0) {
            break;
        }
    }
    return EXIT_SUCCESS;
}

/* None of them is in doubt, and nothing stands behind the last. */
static void
all_that_it_told_are_taken_though_it_ends_too_early(void **state)
{
    world_t *world = *state;

    for (int i = 0; i < LINES; i++) {
        add_line(world, "A");
    }
    sv_erp_client_destroy(world->writer.client);
    world->writer.client = sv_erp_client_create(&sv_sqlite_erp_settings, &world->mapping, NULL, NULL);
    setenv(dies_early, "1", 1);
    sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena);
    unsetenv(dies_early);
    assert_int_equal(world->chunk.count, LINES);
    for (size_t i = 0; i < world->chunk.count; i++) {
        assert_int_equal(world->chunk.lines[i].outcome, SV_POSTING_IS_APPLIED);
    }
}

/* What is on its way when the time is over is waited for. */
static void
what_was_begun_is_told(void **state)
{
    world_t *world = *state;
    sv_posting_line_t *line = add_line(world, "A");

    sv_adjustment_writer_begin(&world->writer, &world->chunk, world->arena);
    world->writer.until_ms = 0;
    assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    assert_int_equal(line->outcome, SV_POSTING_IS_APPLIED);
    assert_string_equal(erp(world, "SELECT count(*) FROM lines"), "1");
}

static void
behind_the_end_of_the_time_none_is_sent(void **state)
{
    world_t *world = *state;
    sv_posting_line_t *line = add_line(world, "A");

    world->writer.until_ms = 0;
    sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena);
    assert_int_equal(line->outcome, SV_POSTING_GOES_AGAIN);
    assert_null(erp(world, "SELECT line FROM lines"));
}

/* Of lines that take longer than expected those not begun in their turn go again, and others get a turn of their own.
 */
static void
behind_the_end_of_its_turn_none_of_a_chunk_is_sent(void **state)
{
    world_t *world = *state;

    slow_down(world, 1000000);
    for (int i = 0; i < LINES; i++) {
        add_line(world, "SLOW");
    }
    world->writer.turn_ms = 100;
    for (int turn = 1; turn <= 2; turn++) {
        size_t applied = 0;

        sv_adjustment_writer_begin(&world->writer, &world->chunk, world->arena);
        assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
        while (applied < LINES && world->lines[applied].outcome == SV_POSTING_IS_APPLIED) {
            applied++;
        }
        assert_in_range(applied, 1, LINES - 1);
        for (size_t i = applied; i < LINES; i++) {
            assert_int_equal(world->lines[i].outcome, SV_POSTING_GOES_AGAIN);
            assert_false(world->lines[i].tried);
        }
        assert_string_equal(erp(world, "SELECT count(*) FROM lines"), sv_arena_printf(world->arena, "%zu", applied));
        erp(world, "DELETE FROM lines");
        for (size_t i = 0; i < applied; i++) {
            world->lines[i].tried = false;
        }
    }
}

static void
what_was_sent_before_is_asked_for(void **state)
{
    world_t *world = *state;
    sv_posting_line_t *there = add_line(world, "A"), *not_there = add_line(world, "B");

    erp(world, "INSERT INTO lines VALUES ('a', 1, 'A', -3, NULL)");
    world->chunk.settles = true;
    assert_true(sv_adjustment_writer_run(&world->writer, &world->chunk, world->arena));
    assert_int_equal(there->outcome, SV_POSTING_IS_APPLIED);
    assert_int_equal(not_there->outcome, SV_POSTING_GOES_AGAIN);
    assert_string_equal(erp(world, "SELECT count(*) FROM lines"), "1");
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_refused_keeps_none_from_going, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_that_is_refused_goes_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_already_is_not_sent_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(behind_one_that_hangs_all_stay_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_that_it_told_are_taken_though_it_ends_too_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_begun_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(behind_the_end_of_the_time_none_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(behind_the_end_of_its_turn_none_of_a_chunk_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_sent_before_is_asked_for, set_up, tear_down),
    };

    if (argc == 2 && strcmp(argv[1], SV_ERP_CHILD_ARGUMENT) == 0) {
        return getenv(dies_early) != NULL ? die_early() : sv_erp_child_main(); /* the client runs this program again */
    }
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, sv_sqlite_erp_open, sv_sqlite_erp_close);
}
