/* Whose the spool is, and how files leave it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "core/jobs/spool.h"
#include "core/jobs/spool_mark.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"

static sv_job_world_t world;

static const char *
path_of(const char *name)
{
    return sv_arena_printf(world.real.arena, "%s/%s", world.spool, name);
}

static bool
is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void
write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A job's folder with a file in it, untouched for a day. */
static void
leave_file(const char *job_id)
{
    const struct utimbuf long_ago = { 1700000000, 1700000000 };

    SV_MUST(&world, sv_spool_prepare(world.spool, job_id, &world.real.error));
    write_text(sv_arena_printf(world.real.arena, "jobs/%s/1.csv", job_id), "a,b\n");
    assert_int_equal(utime(path_of(sv_arena_printf(world.real.arena, "jobs/%s", job_id)), &long_ago), 0);
}

static int
setup(void **state)
{
    (void) state;
    if (world.real.pool == NULL) {
        return sv_job_world_open(&world) ? 0 : -1;
    }
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_job_world_close(&world);
    memset(&world, 0, sizeof(world));
    return 0;
}

static const char *
our_id(void)
{
    return sv_doc_text(sv_real_find(&world.real, SV_COLLECTION_INSTALLATION, "{}"), "id", world.real.arena);
}

/* The cause of its refusal. */
static const char *
refused(sv_status_t status)
{
    const char *cause = world.real.error.cause;

    assert_int_equal(status, SV_ERR_CONFLICT_STATE);
    assert_non_null(cause);
    sv_error_clear(&world.real.error);
    return cause;
}

static void
an_empty_spool_becomes_ours(void **state)
{
    char mark[256] = "";
    FILE *file;

    (void) state;
    SV_MUST(&world, sv_spool_claim(world.real.store, &world.real.error));
    file = fopen(path_of("stockverify-spool"), "r");
    assert_non_null(file);
    assert_non_null(fgets(mark, sizeof(mark), file));
    fclose(file);
    assert_string_equal(mark,
                        sv_arena_printf(world.real.arena, "%s %s\n", our_id(), world.real.settings.mongodb_database));
    SV_MUST(&world, sv_spool_claim(world.real.store, &world.real.error)); /* and stays so */
}

static void
another_databases_is_left_alone(void **state)
{
    const char *cause;

    (void) state;
    write_text("stockverify-spool", "0198aaaa-0000-4000-8000-000000000001 production\n");
    leave_file("job-of-production");
    cause = refused(sv_spool_claim(world.real.store, &world.real.error));
    assert_non_null(strstr(cause, "0198aaaa-0000-4000-8000-000000000001 production")); /* names both */
    assert_non_null(strstr(cause, our_id()));
    refused(sv_jobs_tidy_spool(world.real.store, &world.real.error));
    assert_true(is_there("jobs/job-of-production/1.csv"));
}

static void
unmarked_files_of_unknown_jobs_are_left_alone(void **state)
{
    const char *cause;

    (void) state;
    leave_file("unknown");
    cause = refused(sv_jobs_tidy_spool(world.real.store, &world.real.error));
    assert_non_null(strstr(cause, our_id())); /* what to write where */
    assert_non_null(strstr(cause, "stockverify-spool"));
    assert_true(is_there("jobs/unknown/1.csv"));
    assert_false(is_there("stockverify-spool"));
}

/* A spool of the release before, which had no mark. */
static void
unmarked_files_of_our_jobs_make_it_ours(void **state)
{
    (void) state;
    leave_file(sv_job_world_request(&world, "snapshot.export", NULL));
    leave_file("left-over");
    SV_MUST(&world, sv_jobs_tidy_spool(world.real.store, &world.real.error));
    assert_true(is_there("stockverify-spool"));
    assert_false(is_there("jobs/left-over"));
}

static void
a_file_that_goes_can_be_read_to_its_end_for_a_while(void **state)
{
    char line[16] = "";
    FILE *download;

    (void) state;
    leave_file("expired");
    download = fopen(path_of("jobs/expired/1.csv"), "r");
    sv_spool_bury(world.spool, "expired");
    assert_false(is_there("jobs/expired"));
    sv_spool_purge(world.spool, 3600);
    assert_int_equal(rename(path_of("graveyard"), path_of("graveyard")), 0); /* it is there */
    assert_non_null(fgets(line, sizeof(line), download));
    fclose(download);
    assert_string_equal(line, "a,b\n");
    assert_int_not_equal(rmdir(path_of("graveyard")), 0); /* and what was buried in it */
    sv_spool_purge(world.spool, 0);
    assert_int_equal(rmdir(path_of("graveyard")), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_spool_becomes_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(another_databases_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(unmarked_files_of_unknown_jobs_are_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(unmarked_files_of_our_jobs_make_it_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_goes_can_be_read_to_its_end_for_a_while, setup, teardown),
    };

    return sv_real_redis_named() && sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
