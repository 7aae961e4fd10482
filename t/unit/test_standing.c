/* Standing counts: their periods, what ends them, and what a rack shows meanwhile. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/counts/count_close.h"
#include "core/counts/count_open.h"
#include "core/counts/period.h"
#include "core/counts/standing.h"
#include "core/counts/stray_sessions.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/batch.h"
#include "t/unit/floor_fixture.h"

static sv_floor_servers_t servers;
#define real servers.real

static int64_t
at(const char *text)
{
    int64_t ms = 0;

    assert_true(sv_time_parse(text, &ms));
    return ms;
}

static void
periods_are_the_zones_months_and_weeks(void **state)
{
    static const struct {
        const char *setting, *zone, *instant, *name, *ends_at;
    } cases[] = {
        { "month", "UTC", "2026-11-30T23:59:59Z", "2026-11", "2026-12-01T00:00:00Z" },
        { "month", "Asia/Kolkata", "2026-11-30T18:30:00Z", "2026-12", "2026-12-31T18:30:00Z" },
        { "month", "America/Los_Angeles", "2026-12-01T07:59:59Z", "2026-11", "2026-12-01T08:00:00Z" },
        { "week", "UTC", "2026-11-28T12:00:00Z", "2026-W48", "2026-11-30T00:00:00Z" },
        { "week", "UTC", "2026-11-30T00:00:00Z", "2026-W49", "2026-12-07T00:00:00Z" },
        /* Weeks belong to the year of their Thursday. */
        { "week", "UTC", "2027-01-03T12:00:00Z", "2026-W53", "2027-01-04T00:00:00Z" },
        { "week", "UTC", "2024-12-30T00:00:00Z", "2025-W01", "2025-01-06T00:00:00Z" },
        { "none", "UTC", "2026-11-28T12:00:00Z", "none", NULL },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const sv_settings_t settings = { .standing_count_period = cases[i].setting };
        sv_time_zone_t *zone = sv_time_zone_open(cases[i].zone);
        sv_period_t period;

        sv_period_of(&settings, zone, at(cases[i].instant), &period);
        assert_string_equal(period.name, cases[i].name);
        assert_int_equal(period.ends_at_ms, cases[i].ends_at != NULL ? at(cases[i].ends_at) : 0);
        sv_time_zone_free(zone);
    }
}

static sv_claim_result_t
claim(const char *user_id, const char *rack_id, const char *count_id, sv_status_t wanted)
{
    sv_principal_t who = sv_fixture_user(user_id, SV_ROLE_STAFF);
    sv_claim_t input = { .who = &who, .rack_id = rack_id, .count_id = count_id };
    sv_claim_result_t result;

    sv_error_clear(&real.error);
    assert_int_equal(sv_rack_claim(real.store, &input, real.arena, &result, &real.error), wanted);
    return result;
}

static void
complete(const char *user_id, const sv_claim_result_t *claimed)
{
    sv_principal_t who = sv_fixture_user(user_id, SV_ROLE_STAFF);
    sv_rack_change_result_t result;

    assert_int_equal(sv_fixture_change(&real, &who, SV_RACK_COMPLETE, NULL, claimed->session.session_id, &result),
                     SV_OK);
}

static const char *
rack_status(const char *rack_id)
{
    return sv_fixture_read_rack(&real, rack_id).status;
}

static const char *
count_text(const char *count_id, const char *field)
{
    return sv_doc_text(
        sv_real_find(&real, SV_COLLECTION_SESSIONS, sv_arena_printf(real.arena, "{'session_id':'%s'}", count_id)),
        field, real.arena);
}

/* As if the warehouse's standing count were of a period that is over.  Deleted and inserted anew, because the
 * development server frees a unique key by deletion only. */
static sv_status_t
end_period_body(sv_store_t *store, void *warehouse, sv_error_t *error)
{
    bson_t *filter =
        sv_real_json(real.arena, sv_arena_printf(real.arena, "{'warehouse':'%s','kind':'standing','status':'OPEN'}",
                                                 (const char *) warehouse));
    bson_t *again = sv_doc_new(real.arena);
    const bson_t *count;

    if (sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, real.arena, &count, error) != SV_OK) {
        return error->status;
    }
    assert_non_null(count);
    bson_copy_to_excluding_noinit(count, again, "_id", "period", "ends_at", NULL);
    BSON_APPEND_UTF8(again, "period", "2000-01");
    sv_doc_put_time(again, "ends_at", at("2000-02-01T00:00:00Z"));
    if (sv_store_delete_many(store, SV_COLLECTION_SESSIONS, filter, NULL, error) != SV_OK) {
        return error->status;
    }
    return sv_store_insert(store, SV_COLLECTION_SESSIONS, again, error);
}

static void
end_period(char *warehouse)
{
    assert_int_equal(sv_transaction_run(real.store, end_period_body, warehouse, &real.error), SV_OK);
}

static sv_stray_sessions_t
worker_round(void)
{
    sv_stray_sessions_t done;

    sv_error_clear(&real.error);
    assert_int_equal(sv_stray_sessions_round(real.store, servers.redis, &done, &real.error), SV_OK);
    return done;
}

static void
claims_go_to_the_current_period(void **state)
{
    sv_claim_result_t old, new;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    sv_fixture_rack(&real, "A2", "W1", "F1");
    old = claim("ann", "A1", NULL, SV_OK);
    end_period("W1");
    new = claim("bob", "A2", NULL, SV_OK);
    assert_string_not_equal(old.session.count_id, new.session.count_id);
    assert_string_equal(count_text(old.session.count_id, "status"), "RECONCILE");
    assert_string_equal(count_text(new.session.count_id, "status"), "OPEN");
    claim("eve", "A2", old.session.count_id, SV_ERR_SESSION_CLOSED);
    /* Who is at a rack goes on with it, also after a restart. */
    assert_int_equal(worker_round().interrupted, 0);
    assert_string_equal(sv_fixture_read_session(&real, old.session.session_id).count_state, "RECONCILE");
    assert_true(claim("ann", "A1", NULL, SV_OK).resumed);
}

static void
a_named_standing_count_is_over_with_its_period(void **state)
{
    sv_claim_result_t old;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    sv_fixture_rack(&real, "A2", "W1", "F1");
    old = claim("ann", "A1", NULL, SV_OK);
    end_period("W1");
    claim("bob", "A2", old.session.count_id, SV_ERR_SESSION_CLOSED);
}

static void
a_rack_completed_last_period_is_free_in_the_new_one(void **state)
{
    sv_claim_result_t old, late, new;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    sv_fixture_rack(&real, "A2", "W1", "F1");
    old = claim("ann", "A1", NULL, SV_OK);
    late = claim("eve", "A2", NULL, SV_OK);
    complete("ann", &old);
    assert_string_equal(rack_status("A1"), "completed");
    end_period("W1");
    assert_int_equal(worker_round().periods, 1);
    assert_string_equal(rack_status("A1"), "available");
    /* One that is completed in the old count only now is free as well. */
    complete("eve", &late);
    assert_string_equal(rack_status("A2"), "available");
    new = claim("bob", "A1", NULL, SV_OK);
    assert_string_not_equal(new.session.count_id, old.session.count_id);
    assert_int_equal(worker_round().periods, 0);
}

static void
a_count_of_before_there_were_periods_gets_one(void **state)
{
    sv_claim_result_t claimed;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    sv_real_insert(&real, SV_COLLECTION_SESSIONS,
                   "{'session_id':'old','kind':'standing','warehouse':'W1','status':'OPEN','book_state':'standing'}");
    claimed = claim("ann", "A1", NULL, SV_OK);
    assert_string_equal(claimed.session.count_id, "old");
    worker_round();
    assert_non_null(count_text("old", "period"));
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'session_id':'old','status':'OPEN','ends_at':{'$ne':null}}"), 1);
}

static void
a_second_count_of_a_period_has_a_name_of_its_own(void **state)
{
    const sv_principal_t boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);
    sv_count_verdict_t verdict;
    sv_claim_result_t first, second;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    first = claim("ann", "A1", NULL, SV_OK);
    complete("ann", &first);
    assert_int_equal(sv_count_advance(real.store, &boss, first.session.count_id, SV_COUNT_RECONCILE,
                                      &(sv_count_end_t){ .force = false }, real.arena, &verdict, &real.error),
                     SV_OK);
    assert_string_equal(rack_status("A1"), "available");
    second = claim("bob", "A1", NULL, SV_OK); /* a standing count bars nothing */
    assert_string_equal(count_text(second.session.count_id, "period"),
                        sv_arena_printf(real.arena, "%s.2", count_text(first.session.count_id, "period")));
}

static const char *
open_count(const char *warehouse)
{
    const sv_principal_t boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);
    sv_count_opening_t opening = { .warehouse = warehouse };
    sv_count_t count;

    assert_int_equal(sv_count_open(real.store, &boss, &opening, real.arena, &count, &real.error), SV_OK);
    return count.session_id;
}

static void
advance(const char *count_id, sv_count_step_t step)
{
    const sv_principal_t boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);
    sv_count_verdict_t verdict;

    sv_error_clear(&real.error);
    assert_int_equal(sv_count_advance(real.store, &boss, count_id, step, &(sv_count_end_t){ .force = true }, real.arena,
                                      &verdict, &real.error),
                     SV_OK);
    assert_int_equal(verdict.result, SV_OK);
}

static void
a_rack_shows_what_a_claim_would_meet(void **state)
{
    sv_claim_result_t standing, opened;
    const char *count;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    sv_fixture_rack(&real, "A2", "W1", "F1");
    standing = claim("ann", "A1", NULL, SV_OK);
    complete("ann", &standing);
    count = open_count("W1");
    assert_string_equal(rack_status("A1"), "available");
    opened = claim("bob", "A1", NULL, SV_OK);
    assert_string_equal(opened.session.count_id, count);
    complete("bob", &opened);
    opened = claim("bob", "A2", NULL, SV_OK);
    complete("bob", &opened);
    advance(count, SV_COUNT_CLOSE);
    /* Completed in the standing count, and completed in none that is left. */
    assert_string_equal(rack_status("A1"), "completed");
    assert_string_equal(rack_status("A2"), "available");
    claim("eve", "A1", NULL, SV_ERR_RACK_COMPLETED);
    claim("eve", "A2", NULL, SV_OK);
}

static void
a_count_under_reconciliation_bars_its_racks(void **state)
{
    const char *count;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    count = open_count("W1");
    claim("ann", "A1", NULL, SV_OK);
    advance(count, SV_COUNT_RECONCILE);
    assert_true(claim("ann", "A1", NULL, SV_OK).resumed); /* who is at it may go on */
    sv_fixture_lapse(&real, "A1");
    claim("bob", "A1", NULL, SV_ERR_SESSION_CLOSED);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'kind':'standing'}"), 0);
    advance(count, SV_COUNT_CLOSE);
    claim("bob", "A1", NULL, SV_OK);
}

static void
a_step_whose_maker_died_is_brought_to_its_end(void **state)
{
    const char *count;
    sv_claim_result_t claimed, completed;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    sv_fixture_rack(&real, "A2", "W1", "F1");
    count = open_count("W1");
    claimed = claim("ann", "A1", NULL, SV_OK);
    completed = claim("bob", "A2", NULL, SV_OK);
    complete("bob", &completed);
    sv_real_update(&real, SV_COLLECTION_SESSIONS, sv_arena_printf(real.arena, "{'session_id':'%s'}", count),
                   "{'$set':{'status':'CLOSED','settling':true}}");
    assert_int_equal(worker_round().interrupted, 1);
    assert_string_equal(sv_fixture_read_session(&real, claimed.session.session_id).count_state, "CLOSED");
    assert_int_equal(sv_fixture_read_session(&real, claimed.session.session_id).status, SV_SESSION_INTERRUPTED);
    assert_string_equal(rack_status("A1"), "available");
    assert_string_equal(rack_status("A2"), "available");
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'settling':true}"), 0);
}

static void
many_floor_sessions_follow_in_chunks(void **state)
{
    enum { SESSIONS = 230 };
    const char *count;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    count = open_count("W1");
    for (int i = 0; i < SESSIONS; i++) {
        sv_real_insert(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                       sv_arena_printf(real.arena,
                                       "{'session_id':'s%d','user_id':'u','rack_id':'R%d','count_id':'%s',"
                                       "'count_state':'OPEN','status':'active','superseded':false,'writes':"
                                       "{'$numberLong':'3'},'round':1}",
                                       i, i, count));
    }
    advance(count, SV_COUNT_RECONCILE);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   "{'count_state':'RECONCILE','status':'active','writes':4}"),
                     SESSIONS);
    advance(count, SV_COUNT_CLOSE);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   "{'count_state':'CLOSED','status':'interrupted','writes':5}"),
                     SESSIONS);
}

enum { CLAIMERS = 4, CLAIMS = 12 };

static pthread_barrier_t some_claimed;

typedef struct {
    int number;
    sv_store_t *store;
    int claimed;
} claimer_t;

static void *
claim_through_the_end(void *argument)
{
    claimer_t *claimer = argument;
    char user[16];
    sv_principal_t who;

    snprintf(user, sizeof(user), "u%d", claimer->number);
    who = sv_fixture_user(user, SV_ROLE_STAFF);
    for (int i = 0; i < CLAIMS; i++) {
        sv_arena_t *arena = sv_arena_create();
        sv_claim_t input = { .who = &who, .rack_id = sv_arena_printf(arena, "T%d", claimer->number * CLAIMS + i) };
        sv_claim_result_t result;
        sv_error_t error;

        if (i == CLAIMS / 3) {
            pthread_barrier_wait(&some_claimed);
        }
        sv_error_init(&error, arena);
        claimer->claimed += sv_rack_claim(claimer->store, &input, arena, &result, &error) == SV_OK;
        sv_arena_destroy(arena);
    }
    return NULL;
}

/* Every claim is answered; whatever is live then is of the new count, or was claimed before the old one ended. */
static void
claims_race_with_the_end_of_a_period(void **state)
{
    claimer_t claimers[CLAIMERS];
    pthread_t threads[CLAIMERS];
    const bson_t *old;
    const char *old_id;

    (void) state;
    pthread_barrier_init(&some_claimed, NULL, CLAIMERS + 1);
    for (int i = 0; i < CLAIMERS * CLAIMS; i++) {
        sv_fixture_rack(&real, sv_arena_printf(real.arena, "T%d", i), "W1", "F1");
    }
    assert_int_equal(sv_standing_ensure(real.store, "W1", &real.error), SV_OK);
    old = sv_real_find(&real, SV_COLLECTION_SESSIONS, "{'kind':'standing'}");
    old_id = sv_doc_text(old, "session_id", real.arena);
    for (int i = 0; i < CLAIMERS; i++) {
        claimers[i] = (claimer_t){ .number = i, .store = sv_store_acquire(real.pool) };
        assert_int_equal(pthread_create(&threads[i], NULL, claim_through_the_end, &claimers[i]), 0);
    }
    pthread_barrier_wait(&some_claimed);
    end_period("W1");
    for (int i = 0; i < CLAIMERS; i++) {
        pthread_join(threads[i], NULL);
        sv_store_release(claimers[i].store);
        assert_int_equal(claimers[i].claimed, CLAIMS);
    }
    worker_round();
    assert_string_equal(count_text(old_id, "status"), "RECONCILE");
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'kind':'standing'}"), 2);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_RACK_REGISTRY, "{'status':'claimed'}"), CLAIMERS * CLAIMS);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   sv_arena_printf(real.arena, "{'count_id':'%s','count_state':'OPEN'}", old_id)),
                     0);
}

enum { WRITERS = 4, WRITES = 12 };

typedef struct {
    int number;
    sv_store_t *store;
    const char *session_id;
    pthread_barrier_t *some_written;
    int ok;
} writer_t;

static bool
write_one(writer_t *writer, int n, sv_arena_t *arena)
{
    char user[16];
    sv_principal_t who;
    sv_sync_result_t result;
    sv_sync_batch_t batch;
    sv_error_t error;
    const char *text = sv_arena_printf(
        arena,
        "{\"records\":[{\"client_record_id\":\"w%d-%d\",\"session_id\":\"%s\",\"item_code\":\"I%d\","
        "\"verified_qty\":1,\"status\":\"finalized\",\"created_at\":\"2026-01-05T08:00:00Z\",\"updated_at\":"
        "\"2026-01-05T08:00:00Z\"}]}",
        writer->number, n, writer->session_id, n);

    snprintf(user, sizeof(user), "w%d", writer->number);
    who = sv_fixture_user(user, SV_ROLE_STAFF);
    sv_error_init(&error, arena);
    return sv_sync_parse(sv_json_parse_object(text, strlen(text), arena, &error), writer->store->settings, &batch,
                         &error) == SV_OK &&
           sv_sync_batch(writer->store, &who, &batch, &result, &error) == SV_OK && result.ok == 1;
}

static void *
write_through_the_end(void *argument)
{
    writer_t *writer = argument;

    for (int i = 0; i < WRITES; i++) {
        sv_arena_t *arena = sv_arena_create();

        if (i == WRITES / 3) {
            pthread_barrier_wait(writer->some_written);
        }
        writer->ok += write_one(writer, i, arena);
        sv_arena_destroy(arena);
    }
    return NULL;
}

/* The count that is over goes on taking its own floor sessions' records: each once, and none in the new one. */
static void
late_records_race_with_the_end_of_a_period(void **state)
{
    writer_t writers[WRITERS];
    pthread_t threads[WRITERS];
    pthread_barrier_t some_written;
    const char *old_id = NULL;

    (void) state;
    pthread_barrier_init(&some_written, NULL, WRITERS + 1);
    for (int i = 0; i < WRITERS; i++) {
        const char *rack = sv_arena_printf(real.arena, "L%d", i), *user = sv_arena_printf(real.arena, "w%d", i);
        sv_claim_result_t claimed;

        sv_fixture_rack(&real, rack, "W1", "F1");
        claimed = claim(user, rack, NULL, SV_OK);
        old_id = claimed.session.count_id;
        writers[i] = (writer_t){ .number = i,
                                 .store = sv_store_acquire(real.pool),
                                 .session_id = claimed.session.session_id,
                                 .some_written = &some_written };
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_through_the_end, &writers[i]), 0);
    }
    pthread_barrier_wait(&some_written);
    end_period("W1");
    worker_round();
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        sv_store_release(writers[i].store);
        assert_int_equal(writers[i].ok, WRITES);
    }
    pthread_barrier_destroy(&some_written);
    assert_string_equal(count_text(old_id, "status"), "RECONCILE");
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), WRITERS * WRITES);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                                   sv_arena_printf(real.arena, "{'count_id':'%s','counts':true}", old_id)),
                     WRITERS * WRITES);
    /* Who is at a rack goes on there; a rack that is free is the new count's. */
    assert_string_equal(claim("w0", "L0", NULL, SV_OK).session.count_id, old_id);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   sv_arena_printf(real.arena, "{'count_id':'%s','count_state':'OPEN'}", old_id)),
                     0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_are_the_zones_months_and_weeks),
        SV_WITH_FLOOR_SERVERS(claims_go_to_the_current_period, &servers),
        SV_WITH_FLOOR_SERVERS(a_named_standing_count_is_over_with_its_period, &servers),
        SV_WITH_FLOOR_SERVERS(a_rack_completed_last_period_is_free_in_the_new_one, &servers),
        SV_WITH_FLOOR_SERVERS(a_count_of_before_there_were_periods_gets_one, &servers),
        SV_WITH_FLOOR_SERVERS(a_second_count_of_a_period_has_a_name_of_its_own, &servers),
        SV_WITH_FLOOR_SERVERS(a_rack_shows_what_a_claim_would_meet, &servers),
        SV_WITH_FLOOR_SERVERS(a_count_under_reconciliation_bars_its_racks, &servers),
        SV_WITH_FLOOR_SERVERS(a_step_whose_maker_died_is_brought_to_its_end, &servers),
        SV_WITH_FLOOR_SERVERS(many_floor_sessions_follow_in_chunks, &servers),
        SV_WITH_FLOOR_SERVERS(claims_race_with_the_end_of_a_period, &servers),
        SV_WITH_FLOOR_SERVERS(late_records_race_with_the_end_of_a_period, &servers),
    };

    if (!sv_floor_servers_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
