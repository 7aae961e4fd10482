/* Deliveries: a run that ended goes to each recipient once, whoever looks and however often. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "core/jobs/schedule.h"
#include "core/report/delivery/delivery.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"

static sv_job_world_t world;

static int
clear(void **state)
{
    (void) state;
    sv_job_world_clear(&world);
    sv_store_delete_many(world.real.store, SV_COLLECTION_REPORT_DELIVERIES, sv_doc_new(world.real.arena), NULL,
                         &world.real.error);
    return 0;
}

/* A run by hand of a schedule of this job type, with these recipients (JSON); its job. */
static const char *
scheduled(const char *type, const char *params, const char *recipients)
{
    sv_schedule_t schedule = { .name = "Week",
                               .cron = "@weekly",
                               .time_zone = "UTC",
                               .type = type,
                               .params = params != NULL ? sv_real_json(world.real.arena, params) : NULL,
                               .enabled = true,
                               .more = sv_real_json(world.real.arena, recipients) };
    const bson_t *made = NULL, *job = NULL;
    bool created = false;

    SV_MUST(&world,
            sv_schedule_create(world.real.store, &world.who, &schedule, world.real.arena, &made, &world.real.error));
    SV_MUST(&world, sv_schedule_run(world.real.store, &world.who, sv_doc_text(made, "schedule_id", world.real.arena),
                                    world.real.arena, &job, &created, &world.real.error));
    assert_true(created);
    return sv_doc_text(job, "job_id", world.real.arena);
}

static const char *
run_of(const char *recipients)
{
    return scheduled("report.generate", NULL, recipients);
}

static void
succeed_with(const char *job_id, const sv_job_result_t *result)
{
    sv_job_claim_t *claim = sv_job_world_start(&world, job_id, "w1");
    bool held = false;

    SV_MUST(&world, sv_job_succeed(world.real.store, claim, result, &held, &world.real.error));
    assert_true(held);
}

static void
succeed(const char *job_id)
{
    succeed_with(job_id,
                 &(sv_job_result_t){ .file = "jobs/x/1.csv", .file_name = "x.csv", .content_type = "text/csv" });
}

static void
end_badly(const char *job_id)
{
    sv_job_claim_t *claim = sv_job_world_start(&world, job_id, "w1");
    sv_error_t reason;
    bool held = false;

    sv_error_init(&reason, world.real.arena);
    sv_fail(&reason, SV_ERR_NOT_FOUND, "There is no such warehouse");
    SV_MUST(&world, sv_job_fail(world.real.store, claim, &reason, false, &held, &world.real.error));
    assert_true(held);
}

static int64_t
look(void)
{
    int64_t done = 0;

    SV_MUST(&world, sv_deliveries_round(world.real.store, world.redis, &done, &world.real.error));
    return done;
}

static int64_t
count(const char *filter)
{
    return sv_real_count(&world.real, SV_COLLECTION_REPORT_DELIVERIES, filter);
}

static const bson_t *
mail_job(void)
{
    return sv_real_find(&world.real, SV_COLLECTION_JOBS, "{'type': 'mail.deliver'}");
}

static void
a_run_is_mailed_once_it_ended(void **state)
{
    const char *job_id = run_of("{'recipients': ['a@example.com', 'b@example.com']}");
    const bson_t *mail;

    (void) state;
    assert_int_equal(look(), 0); /* it has not ended */
    succeed(job_id);
    assert_int_equal(look(), 1);
    assert_int_equal(count("{'status': 'pending'}"), 2);
    mail = mail_job();
    assert_non_null(mail);
    assert_string_equal(sv_doc_text(mail, "params.job_id", world.real.arena), job_id);
    assert_string_equal(sv_doc_text(mail, "requested_by", world.real.arena), "u1");
    assert_int_equal(look(), 0);
    assert_int_equal(count("{}"), 2);
}

/* Dead letters, by hand: the run's, and the mail's. */
static void
what_is_requeued_is_sent_again(void **state)
{
    const char *job_id = run_of("{'recipients': ['a@example.com', 'b@example.com']}"), *mail_id;
    sv_error_t *error = &world.real.error;
    sv_job_claim_t *claim;
    const bson_t *job = NULL;
    sv_error_t reason;
    bool held = false;

    (void) state;
    end_badly(job_id);
    assert_int_equal(look(), 1);
    assert_int_equal(count("{'status': 'failed'}"), 2);
    SV_MUST(&world, sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, error));
    succeed(job_id);
    assert_int_equal(look(), 1);
    assert_int_equal(count("{'status': 'pending', 'error': null}"), 2);
    mail_id = sv_doc_text(mail_job(), "job_id", world.real.arena);
    claim = sv_job_world_start(&world, mail_id, "w1");
    sv_error_init(&reason, world.real.arena);
    sv_fail(&reason, SV_ERR_NOT_FOUND, NULL);
    SV_MUST(&world, sv_job_fail(world.real.store, claim, &reason, false, &held, error));
    assert_int_equal(look(), 2); /* given up with their job */
    SV_MUST(&world, sv_job_requeue(world.real.store, &world.who, mail_id, world.real.arena, &job, error));
    job = sv_real_find(&world.real, SV_COLLECTION_JOBS, "{'type': 'mail.deliver'}");
    SV_MUST(&world, sv_deliveries_reopen(world.real.store, mail_id, sv_doc_time(job, "requeued_at"), error));
    assert_int_equal(count("{'status': 'pending', 'error': null}"), 2);
}

/* ---- what the owner is told */

static int64_t
notices(void)
{
    return sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'type': 'mail.notice'}");
}

static const bson_t *
the_schedule(void)
{
    return sv_real_find(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{}");
}

static void
a_run_that_failed_is_told_once(void **state)
{
    const char *job_id = run_of("{'recipients': ['a@example.com', 'b@example.com']}");
    const bson_t *job = NULL, *notice;

    (void) state;
    end_badly(job_id);
    assert_int_equal(look(), 1);
    assert_int_equal(look(), 0);
    assert_string_equal(sv_doc_text(the_schedule(), "last_status", world.real.arena), "failed");
    assert_string_equal(sv_doc_text(the_schedule(), "last_error.code", world.real.arena), "not_found");
    assert_int_not_equal(sv_doc_time(the_schedule(), "last_run_at"), 0);
    assert_int_equal(notices(), 2);
    notice = sv_real_find(&world.real, SV_COLLECTION_JOBS, "{'type': 'mail.notice', 'params.to': 'b@example.com'}");
    assert_string_equal(sv_doc_text(notice, "params.subject", world.real.arena), "Week: could not be made");
    assert_non_null(strstr(sv_doc_text(notice, "params.text", world.real.arena), "There is no such warehouse"));

    SV_MUST(&world, sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, &world.real.error));
    succeed(job_id);
    assert_int_equal(look(), 1);
    assert_string_equal(sv_doc_text(the_schedule(), "last_status", world.real.arena), "succeeded");
    assert_null(sv_doc_child(the_schedule(), "last_error", world.real.arena));
    assert_int_equal(notices(), 2);
}

static void
of_two_runs_the_later_is_the_last(void **state)
{
    const char *job_id = run_of("{'recipients': []}");

    (void) state;
    end_badly(job_id);
    sv_real_update(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{}",
                   "{'$set': {'last_status': 'succeeded', 'last_run_at': {'$date': '2046-01-01T00:00:00Z'}}}");
    assert_int_equal(look(), 1);
    assert_string_equal(sv_doc_text(the_schedule(), "last_status", world.real.arena), "succeeded");
}

static void
a_schedule_that_was_disabled_is_told_once(void **state)
{
    (void) state;
    run_of("{'recipients': ['a@example.com']}");
    sv_real_update(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{}",
                   "{'$set': {'enabled': false, 'disabled_reason': 'The account is gone', 'untold': true}}");
    assert_int_equal(look(), 1);
    assert_int_equal(look(), 0);
    assert_int_equal(notices(), 1);
    assert_false(sv_doc_has(the_schedule(), "untold"));
}

/* ---- snapshots */

/* Of a schedule that takes snapshots. */
static const char *
snapshot_run_of(const char *recipients)
{
    return scheduled("snapshot.create", "{'format': 'xlsx'}", recipients);
}

static void
take_it(const char *job_id)
{
    succeed_with(job_id, &(sv_job_result_t){ .resource_type = "snapshot", .resource_id = "s1", .resource_url = "/s1" });
}

static const bson_t *
file_job(void)
{
    return sv_real_find(&world.real, SV_COLLECTION_JOBS, "{'type': 'snapshot.export'}");
}

/* Its file is made first, in the schedule's format. */
static void
a_snapshot_is_mailed_as_a_file(void **state)
{
    const char *file_id;

    (void) state;
    take_it(snapshot_run_of("{'recipients': ['a@example.com']}"));
    assert_int_equal(look(), 1);
    assert_null(mail_job());
    assert_int_equal(count("{}"), 0);
    assert_string_equal(sv_doc_text(file_job(), "params.snapshot_id", world.real.arena), "s1");
    assert_string_equal(sv_doc_text(file_job(), "params.format", world.real.arena), "xlsx");
    assert_int_equal(look(), 0);
    file_id = sv_doc_text(file_job(), "job_id", world.real.arena);
    succeed(file_id);
    assert_int_equal(look(), 1);
    assert_string_equal(sv_doc_text(mail_job(), "params.job_id", world.real.arena), file_id);
    assert_int_equal(count(sv_arena_printf(world.real.arena, "{'job_id': '%s', 'status': 'pending'}", file_id)), 1);
}

static void
a_snapshot_without_recipients_is_kept_alone(void **state)
{
    (void) state;
    take_it(snapshot_run_of("{'recipients': []}"));
    assert_int_equal(look(), 1);
    assert_null(file_job());
    assert_int_equal(count("{}"), 0);
}

static void
a_snapshot_that_was_requeued_is_mailed_after_all(void **state)
{
    const char *job_id = snapshot_run_of("{'recipients': ['a@example.com']}");
    const bson_t *job = NULL;

    (void) state;
    end_badly(job_id);
    assert_int_equal(look(), 1);
    assert_int_equal(count("{'status': 'failed'}"), 1);
    SV_MUST(&world, sv_job_requeue(world.real.store, &world.who, job_id, world.real.arena, &job, &world.real.error));
    take_it(job_id);
    assert_int_equal(look(), 1);
    succeed(sv_doc_text(file_job(), "job_id", world.real.arena));
    assert_int_equal(look(), 1);
    assert_int_equal(count("{}"), 1);
    assert_int_equal(count("{'status': 'pending', 'error': null}"), 1);
}

static void
a_run_without_recipients_is_mailed_to_nobody(void **state)
{
    (void) state;
    succeed(run_of("{'recipients': []}"));
    assert_int_equal(look(), 1);
    assert_int_equal(count("{}"), 0);
    assert_null(mail_job());
    assert_int_equal(look(), 0);
}

/* An administrators' report is not for whom a supervisor names after the schedule was given up to another one. */
static void
a_run_is_not_mailed_to_recipients_of_another_report(void **state)
{
    sv_schedule_t other = { .name = "Week",
                            .cron = "@weekly",
                            .time_zone = "UTC",
                            .type = "report.generate",
                            .enabled = true,
                            .more = sv_real_json(world.real.arena, "{'recipients': ['else@example.com']}") };
    sv_principal_t admin = world.who;
    sv_schedule_t audit = other;
    const bson_t *schedule = NULL, *job = NULL;
    const char *schedule_id;
    bool created = false;

    (void) state;
    admin.role = SV_ROLE_ADMIN;
    audit.type = "report.audit";
    SV_MUST(&world,
            sv_schedule_create(world.real.store, &admin, &audit, world.real.arena, &schedule, &world.real.error));
    schedule_id = sv_doc_text(schedule, "schedule_id", world.real.arena);
    SV_MUST(&world, sv_schedule_run(world.real.store, &admin, schedule_id, world.real.arena, &job, &created,
                                    &world.real.error));
    SV_MUST(&world, sv_schedule_change(world.real.store, &admin, schedule_id, &other, world.real.arena, &schedule,
                                       &world.real.error));
    succeed(sv_doc_text(job, "job_id", world.real.arena));
    assert_int_equal(look(), 1);
    assert_int_equal(count("{}"), 0);
    assert_null(mail_job());
}

static void
a_run_that_failed_says_so(void **state)
{
    const bson_t *delivery;

    (void) state;
    end_badly(run_of("{'recipients': ['a@example.com']}"));
    assert_int_equal(look(), 1);
    assert_null(mail_job());
    delivery = sv_real_find(&world.real, SV_COLLECTION_REPORT_DELIVERIES, "{'status': 'failed'}");
    assert_non_null(delivery);
    assert_string_equal(sv_doc_text(delivery, "error.code", world.real.arena), "not_found");
    assert_true(sv_doc_time(delivery, "ended_at") > 0);
}

static void
what_its_job_left_is_given_up(void **state)
{
    const char *mail_id;
    const bson_t *job, *delivery;

    (void) state;
    succeed(run_of("{'recipients': ['a@example.com', 'b@example.com']}"));
    look();
    mail_id = sv_doc_text(mail_job(), "job_id", world.real.arena);
    delivery = sv_real_find(&world.real, SV_COLLECTION_REPORT_DELIVERIES, "{'recipient': 'a@example.com'}");
    SV_MUST(&world, sv_delivery_note(world.real.store, sv_doc_text(delivery, "delivery_id", world.real.arena),
                                     SV_DELIVERY_SENT, "file", NULL, NULL, &world.real.error));
    SV_MUST(&world, sv_job_cancel(world.real.store, &world.who, mail_id, world.real.arena, &job, &(bool){ false },
                                  &world.real.error));
    assert_int_equal(look(), 1);
    assert_int_equal(count("{'recipient': 'a@example.com', 'status': 'sent'}"), 1);
    assert_int_equal(count("{'recipient': 'b@example.com', 'status': 'failed', 'error.code': 'cancelled'}"), 1);
}

static void
what_was_sent_stays_sent(void **state)
{
    const sv_delivery_t *deliveries;
    size_t left = 0;
    const char *job_id = run_of("{'recipients': ['a@example.com']}"), *mail_id;

    (void) state;
    succeed(job_id);
    look();
    mail_id = sv_doc_text(mail_job(), "job_id", world.real.arena);
    SV_MUST(&world,
            sv_deliveries_pending(world.real.store, mail_id, world.real.arena, &deliveries, &left, &world.real.error));
    assert_int_equal(left, 1);
    SV_MUST(&world, sv_delivery_note(world.real.store, deliveries[0].delivery_id, SV_DELIVERY_LATER, "file",
                                     "mail_deferred", "later", &world.real.error));
    assert_int_equal(count("{'status': 'pending', 'attempts': 1, 'error.code': 'mail_deferred'}"), 1);
    SV_MUST(&world, sv_delivery_note(world.real.store, deliveries[0].delivery_id, SV_DELIVERY_SENT, "file", NULL, NULL,
                                     &world.real.error));
    SV_MUST(&world, sv_delivery_note(world.real.store, deliveries[0].delivery_id, SV_DELIVERY_FAILED, "file",
                                     "mail_refused", "no", &world.real.error));
    assert_int_equal(count("{'status': 'sent', 'attempts': 2, 'error': null}"), 1);
}

static void
what_is_asked_for_again_goes_to_that_one_alone(void **state)
{
    const sv_delivery_t *deliveries;
    const bson_t *delivery, *mail = NULL;
    const char *schedule_id, *delivery_id;
    sv_error_t *error = &world.real.error;
    size_t left = 0;

    (void) state;
    succeed(run_of("{'recipients': ['a@example.com', 'b@example.com']}"));
    look();
    delivery = sv_real_find(&world.real, SV_COLLECTION_REPORT_DELIVERIES, "{'recipient': 'a@example.com'}");
    schedule_id = sv_doc_text(delivery, "schedule_id", world.real.arena);
    delivery_id = sv_doc_text(delivery, "delivery_id", world.real.arena);
    assert_int_equal(
        sv_delivery_resend(world.real.store, &world.who, schedule_id, delivery_id, world.real.arena, &mail, error),
        SV_ERR_CONFLICT_STATE); /* pending */
    sv_error_clear(error);
    SV_MUST(&world, sv_delivery_note(world.real.store, delivery_id, SV_DELIVERY_SENT, "file", NULL, NULL, error));
    assert_int_equal(
        sv_delivery_resend(world.real.store, &world.who, "other", delivery_id, world.real.arena, &mail, error),
        SV_ERR_NOT_FOUND);
    sv_error_clear(error);
    SV_MUST(&world,
            sv_delivery_resend(world.real.store, &world.who, schedule_id, delivery_id, world.real.arena, &mail, error));
    SV_MUST(&world, sv_deliveries_pending(world.real.store, sv_doc_text(mail, "job_id", world.real.arena),
                                          world.real.arena, &deliveries, &left, error));
    assert_int_equal(left, 1);
    assert_string_equal(deliveries[0].recipient, "a@example.com");
    assert_int_equal(deliveries[0].resent, 1);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'delivery.resend'}"), 1);
    sv_real_update(&world.real, SV_COLLECTION_REPORT_DELIVERIES, "{'recipient': 'a@example.com'}",
                   "{'$set': {'status': 'failed'}}");
    sv_real_update(&world.real, SV_COLLECTION_JOBS, "{'type': 'report.generate'}", "{'$unset': {'result.file': ''}}");
    assert_int_equal(
        sv_delivery_resend(world.real.store, &world.who, schedule_id, delivery_id, world.real.arena, &mail, error),
        SV_ERR_RESULT_EXPIRED);
    sv_error_clear(error);
}

static void
a_run_without_a_file_is_not_sent_again(void **state)
{
    const bson_t *delivery, *mail = NULL;

    (void) state;
    end_badly(run_of("{'recipients': ['a@example.com']}"));
    look();
    delivery = sv_real_find(&world.real, SV_COLLECTION_REPORT_DELIVERIES, "{}");
    assert_int_equal(sv_delivery_resend(world.real.store, &world.who,
                                        sv_doc_text(delivery, "schedule_id", world.real.arena),
                                        sv_doc_text(delivery, "delivery_id", world.real.arena), world.real.arena, &mail,
                                        &world.real.error),
                     SV_ERR_CONFLICT_STATE);
    sv_error_clear(&world.real.error);
}

enum { LOOKING = 3 };

static void *
look_beside_others(void *context)
{
    sv_store_t *store = sv_store_acquire(world.real.pool);
    sv_arena_t *arena = sv_arena_create();
    int64_t done = 0;
    sv_error_t error;

    (void) context;
    sv_error_init(&error, arena);
    sv_deliveries_round(store, NULL, &done, &error);
    sv_store_release(store);
    sv_arena_destroy(arena);
    return NULL;
}

static void
workers_that_look_at_once_make_one_mailing(void **state)
{
    pthread_t threads[LOOKING];

    (void) state;
    succeed(run_of("{'recipients': ['a@example.com', 'b@example.com', 'c@example.com']}"));
    for (int i = 0; i < LOOKING; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, look_beside_others, NULL), 0);
    }
    for (int i = 0; i < LOOKING; i++) {
        pthread_join(threads[i], NULL);
    }
    look(); /* in case each was in the others' way */
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'type': 'mail.deliver'}"), 1);
    assert_int_equal(count("{}"), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_run_is_mailed_once_it_ended, clear),
        cmocka_unit_test_setup(what_is_requeued_is_sent_again, clear),
        cmocka_unit_test_setup(a_run_without_recipients_is_mailed_to_nobody, clear),
        cmocka_unit_test_setup(a_snapshot_is_mailed_as_a_file, clear),
        cmocka_unit_test_setup(a_snapshot_without_recipients_is_kept_alone, clear),
        cmocka_unit_test_setup(a_run_that_failed_is_told_once, clear),
        cmocka_unit_test_setup(of_two_runs_the_later_is_the_last, clear),
        cmocka_unit_test_setup(a_schedule_that_was_disabled_is_told_once, clear),
        cmocka_unit_test_setup(a_snapshot_that_was_requeued_is_mailed_after_all, clear),
        cmocka_unit_test_setup(a_run_is_not_mailed_to_recipients_of_another_report, clear),
        cmocka_unit_test_setup(a_run_that_failed_says_so, clear),
        cmocka_unit_test_setup(what_its_job_left_is_given_up, clear),
        cmocka_unit_test_setup(what_was_sent_stays_sent, clear),
        cmocka_unit_test_setup(what_is_asked_for_again_goes_to_that_one_alone, clear),
        cmocka_unit_test_setup(a_run_without_a_file_is_not_sent_again, clear),
        cmocka_unit_test_setup(workers_that_look_at_once_make_one_mailing, clear),
    };
    int failed;

    mongoc_init();
    sv_scripts_init();
    if (!sv_job_world_open(&world)) {
        return 0;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    sv_job_world_close(&world);
    mongoc_cleanup();
    return failed;
}
