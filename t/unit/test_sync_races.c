#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json_reader.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "t/unit/random.h"
#include "t/unit/sync_world.h"

enum { RACES = 12, EDITS = 60 };

/* A client on a thread of its own: one batch or one decision, its own arena and store. */
typedef struct {
    sync_world_t *world;
    const char *user_id;
    const char *body;
    const char *conflict_id; /* set: it decides keep_mine instead of sending `body` */
    pthread_barrier_t *start;
    char words[256];
    char holder[64];
} client_t;

static void
client_decide(client_t *client, sv_store_t *store, sv_arena_t *arena)
{
    sv_principal_t who = world_user(client->user_id);
    sv_resolve_t resolve = { .conflict_id = client->conflict_id, .action = SV_RESOLVE_KEEP_MINE };
    sv_resolved_t resolved;
    sv_error_t error;

    sv_error_init(&error, arena);
    snprintf(client->words, sizeof(client->words), "%s",
             sv_conflict_resolve(store, &who, &resolve, &resolved, &error) == SV_OK ? "decided"
                                                                                    : sv_status_code(error.status));
}

static void
client_send(client_t *client, sv_store_t *store, sv_arena_t *arena)
{
    sv_principal_t who = world_user(client->user_id);
    sv_sync_result_t result;
    sv_sync_batch_t batch;
    sv_error_t error;
    const json_t *body;

    sv_error_init(&error, arena);
    client->words[0] = '\0';
    body = sv_json_parse_object(client->body, strlen(client->body), arena, &error);
    if (body == NULL || sv_sync_parse(body, store->settings, &batch, &error) != SV_OK ||
        sv_sync_batch(store, &who, &batch, &result, &error) != SV_OK) {
        snprintf(client->words, sizeof(client->words), "%s %s", sv_status_code(error.status), error.cause);
    } else {
        for (size_t i = 0; i < result.count; i++) {
            const sv_verdict_t *verdict = &result.verdicts[i];

            strcat(client->words, verdict->kind == SV_VERDICT_OK ? "ok "
                                  : verdict->kind == SV_VERDICT_ERROR
                                      ? "error "
                                      : sv_arena_printf(arena, "%s ", sv_conflict_type_name(verdict->type)));
            if (verdict->holder != NULL) {
                snprintf(client->holder, sizeof(client->holder), "%s", verdict->holder->user_id);
            }
        }
    }
}

static void *
client_run(void *argument)
{
    client_t *client = argument;
    sv_store_t *store = sv_store_acquire(client->world->real.pool);
    sv_arena_t *arena = sv_arena_create();

    pthread_barrier_wait(client->start);
    if (client->conflict_id != NULL) {
        client_decide(client, store, arena);
    } else {
        client_send(client, store, arena);
    }
    sv_arena_destroy(arena);
    sv_store_release(store);
    return NULL;
}

static void
race(client_t *clients, int count)
{
    pthread_t threads[8];
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, (unsigned) count);
    for (int i = 0; i < count; i++) {
        clients[i].start = &start;
        pthread_create(&threads[i], NULL, client_run, &clients[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start);
}

static const char *
body_of(sync_world_t *world, const char *first, const char *second)
{
    return sv_arena_printf(world->arena, "{\"records\":[%s,%s]}", first, second);
}

static void
one_of_two_wins_a_serial_number(void **state)
{
    sync_world_t *world = *state;

    for (int i = 0; i < RACES; i++) {
        const char *ann = sv_arena_printf(world->arena, "sa%d", i), *bob = sv_arena_printf(world->arena, "sb%d", i);
        const char *serial = sv_arena_printf(world->arena, "'serial_numbers':['X%d']", i);
        client_t clients[2] = { { .world = world, .user_id = "ann" }, { .world = world, .user_id = "bob" } };
        int winner;

        world_claim(world, ann, "ann", sv_arena_printf(world->arena, "RA%d", i), "C1");
        world_claim(world, bob, "bob", sv_arena_printf(world->arena, "RB%d", i), "C1");
        clients[0].body =
            body_of(world, world_record(world, sv_arena_printf(world->arena, "a%d", i), ann, "SER-1", 1, serial),
                    world_record(world, sv_arena_printf(world->arena, "a%d+", i), ann, "ITM-2", 1, ""));
        clients[1].body =
            body_of(world, world_record(world, sv_arena_printf(world->arena, "b%d", i), bob, "SER-1", 1, serial),
                    world_record(world, sv_arena_printf(world->arena, "b%d+", i), bob, "ITM-2", 1, ""));
        race(clients, 2);
        winner = strcmp(clients[0].words, "ok ok ") == 0 ? 0 : 1;
        assert_string_equal(clients[winner].words, "ok ok ");
        assert_string_equal(clients[!winner].words, "duplicate_serial ok ");
        assert_string_equal(clients[!winner].holder, clients[winner].user_id);
        assert_string_equal(world_serial(world, sv_arena_printf(world->arena, "X%d", i)),
                            sv_arena_printf(world->arena, "%c%d", winner == 0 ? 'a' : 'b', i));
    }
}

static void
the_same_batch_at_once_is_stored_once(void **state)
{
    sync_world_t *world = *state;

    for (int i = 0; i < RACES; i++) {
        const char *session = sv_arena_printf(world->arena, "s%d", i);
        client_t clients[3];
        const char *body;

        world_claim(world, session, "ann", sv_arena_printf(world->arena, "R%d", i), "C1");
        body = body_of(world, world_record(world, sv_arena_printf(world->arena, "r%d", i), session, "ITM-1", 1, ""),
                       world_record(world, sv_arena_printf(world->arena, "q%d", i), session, "ITM-2", 1, ""));
        for (int c = 0; c < 3; c++) {
            clients[c] = (client_t){ .world = world, .user_id = "ann", .body = body };
        }
        race(clients, 3);
        for (int c = 0; c < 3; c++) {
            assert_string_equal(clients[c].words, "ok ok ");
        }
        assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                                       sv_arena_printf(world->arena, "{'session_id': '%s'}", session)),
                         2);
    }
}

static void
parallel_edits_end_with_the_newest(void **state)
{
    sync_world_t *world = *state;

    world_claim(world, "s1", "ann", "R1", "C1");
    for (int i = 0; i < RACES; i++) {
        client_t clients[4];

        for (int c = 0; c < 4; c++) {
            const char *more = sv_arena_printf(world->arena, "'revision':%d", i * 4 + c);

            clients[c] = (client_t){ .world = world, .user_id = "ann" };
            clients[c].body = sv_arena_printf(world->arena, "{\"records\":[%s]}",
                                              world_record(world, "r1", "s1", "ITM-1", i * 4 + c, more));
        }
        race(clients, 4);
        assert_string_equal(clients[3].words, "ok ");
        assert_string_equal(world_figure(world, "r1"), sv_arena_printf(world->arena, "%d ok", i * 4 + 3));
    }
}

/* What a stale writer does while its successor's claim commits. */
typedef struct {
    sync_world_t *world;
    int runs;
    sv_fenced_t fenced;
} stale_t;

static sv_status_t
stale_body(sv_store_t *store, void *context, sv_error_t *error)
{
    stale_t *stale = context;
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *session;

    BSON_APPEND_UTF8(filter, "session_id", "s1");
    if (sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, error->arena, &session, error) !=
        SV_OK) {
        return error->status;
    }
    if (stale->runs++ == 0) {
        assert_false(sv_doc_bool(session, "superseded"));
        world_claim(stale->world, "s2", "bob", "R1", "C1");
    }
    return sv_fence_write(store, "ann", "s1", NULL, &stale->fenced, error);
}

static void
a_claim_between_read_and_write_fences_the_stale_writer(void **state)
{
    sync_world_t *world = *state;
    stale_t stale = { .world = world };
    sv_store_t *other = sv_store_acquire(world->real.pool);
    sv_error_t error;

    world_claim(world, "s1", "ann", "R1", "C1");
    sv_error_init(&error, world->arena);
    assert_int_equal(sv_transaction_run(other, stale_body, &stale, &error), SV_OK);
    /* The first run had the session in its snapshot and could not commit on it. */
    assert_int_equal(stale.runs, 2);
    assert_int_equal(stale.fenced.outcome, SV_FENCE_LOST);
    assert_string_equal(stale.fenced.holder->user_id, "bob");
    sv_store_release(other);
}

static void *
claim_run(void *argument)
{
    client_t *client = argument;

    pthread_barrier_wait(client->start);
    world_recount(client->world, client->body, client->user_id, "R1", "C1");
    return NULL;
}

static void
nothing_is_written_for_a_displaced_session(void **state)
{
    sync_world_t *world = *state;
    const char *session = "s0";

    world_claim(world, session, "ann", "R1", "C1");
    for (int i = 1; i <= RACES; i++) {
        const char *next = sv_arena_printf(world->arena, "s%d", i);
        const char *id = sv_arena_printf(world->arena, "r%d", i);
        const char *user = i % 2 == 1 ? "ann" : "bob";
        client_t writer = { .world = world, .user_id = user };
        client_t claimer = { .world = world, .user_id = i % 2 == 1 ? "bob" : "ann", .body = next };
        pthread_barrier_t start;
        pthread_t threads[2];
        bool stored;

        writer.body =
            sv_arena_printf(world->arena, "{\"records\":[%s]}", world_record(world, id, session, "ITM-1", i, ""));
        pthread_barrier_init(&start, NULL, 2);
        writer.start = claimer.start = &start;
        pthread_create(&threads[0], NULL, client_run, &writer);
        pthread_create(&threads[1], NULL, claim_run, &claimer);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        pthread_barrier_destroy(&start);
        /* It got through before the claim, or not at all; and what was said is what is stored. */
        stored = strcmp(world_figure(world, id), "none") != 0;
        assert_string_equal(writer.words, stored ? "ok " : "lock_lost ");
        assert_string_equal(world_sync(world, user, world_record(world, "late", session, "ITM-2", 1, ""), NULL),
                            "lock_lost");
        session = next;
    }
}

/* The conflict of a record that came for a session that lost its rack. */
static const char *
late(sync_world_t *world, const char *user_id, const char *record)
{
    sv_sync_result_t result = world_sync_list(world, world->store, user_id, &record, 1);

    assert_string_equal(world_words(world, &result), "lock_lost");
    assert_non_null(result.verdicts[0].conflict_id);
    return result.verdicts[0].conflict_id;
}

static void
a_decision_and_the_holders_first_figure_do_not_both_stand(void **state)
{
    sync_world_t *world = *state;

    for (int i = 0; i < RACES; i++) {
        const char *rack = sv_arena_printf(world->arena, "R%d", i);
        const char *old = sv_arena_printf(world->arena, "old%d", i), *new = sv_arena_printf(world->arena, "new%d", i);
        const char *a = sv_arena_printf(world->arena, "a%d", i), *b = sv_arena_printf(world->arena, "b%d", i);
        client_t clients[2] = { { .world = world, .user_id = "sue" }, { .world = world, .user_id = "bob" } };

        world_claim(world, old, "ann", rack, "C1");
        world_claim(world, new, "bob", rack, "C1");
        clients[0].conflict_id = late(world, "ann", world_record(world, a, old, "ITM-1", 5, ""));
        clients[1].body =
            sv_arena_printf(world->arena, "{\"records\":[%s]}", world_record(world, b, new, "ITM-1", 6, ""));
        race(clients, 2);
        /* Decided first, the holder is asked; decided last, the holder's figure was there to be decided against. */
        assert_string_equal(clients[0].words, "decided");
        assert_string_equal(world_figure(world, a), "5 ok");
        if (strcmp(clients[1].words, "ok ") == 0) {
            assert_string_equal(world_figure(world, b), "6 decided_against");
        } else {
            assert_string_equal(clients[1].words, "duplicate_count ");
            assert_string_equal(world_figure(world, b), "none");
        }
        assert_int_equal(world_sum(world, "C1", rack, "ITM-1"), 5 * SV_QUANTITY_ONE);
    }
}

static void
of_two_decisions_about_old_sessions_the_last_stands(void **state)
{
    sync_world_t *world = *state;

    for (int i = 0; i < RACES; i++) {
        const char *rack = sv_arena_printf(world->arena, "R%d", i);
        const char *first = sv_arena_printf(world->arena, "1st%d", i);
        const char *second = sv_arena_printf(world->arena, "2nd%d", i);
        const char *a = sv_arena_printf(world->arena, "a%d", i), *b = sv_arena_printf(world->arena, "b%d", i);
        client_t clients[2] = { { .world = world, .user_id = "sue" }, { .world = world, .user_id = "sue" } };
        bool a_stands;

        world_claim(world, first, "ann", rack, "C1");
        world_claim(world, second, "bob", rack, "C1");
        world_claim(world, sv_arena_printf(world->arena, "3rd%d", i), "cid", rack, "C1");
        clients[0].conflict_id = late(world, "ann", world_record(world, a, first, "ITM-1", 5, ""));
        clients[1].conflict_id = late(world, "bob", world_record(world, b, second, "ITM-1", 6, ""));
        race(clients, 2);
        assert_string_equal(clients[0].words, "decided");
        assert_string_equal(clients[1].words, "decided");
        a_stands = strcmp(world_figure(world, a), "5 ok") == 0;
        assert_string_equal(world_figure(world, a), a_stands ? "5 ok" : "5 decided_against");
        assert_string_equal(world_figure(world, b), a_stands ? "6 decided_against" : "6 ok");
        assert_int_equal(world_sum(world, "C1", rack, "ITM-1"), (a_stands ? 5 : 6) * SV_QUANTITY_ONE);
    }
}

/* A straight run of a shift: new records, edits by revision, voids. */
static size_t
make_shift(sync_world_t *world, const char **records)
{
    random_t random = random_seeded(7);
    int revisions[EDITS] = { 0 };
    size_t count = 0;

    for (int i = 0; i < EDITS; i++) {
        int n = (int) (random_next(&random) % 18);
        const char *item = sv_arena_printf(world->arena, n < 9 ? "ITM-%d" : "SER-%d", n % 9 + 1);
        const char *status = random_next(&random) % 7 == 0 ? "void" : "finalized";
        const char *serials =
            n < 9 ? ""
                  : sv_arena_printf(world->arena, ",'serial_numbers':['N%d-%d']", n, (int) (random_next(&random) % 3));

        records[count++] = world_record(
            world, sv_arena_printf(world->arena, "r%d", n), "s1", item, (double) (random_next(&random) % 100) + 1,
            sv_arena_printf(world->arena, "'revision':%d,'status':'%s'%s", ++revisions[n], status, serials));
    }
    return count;
}

static const char *
state_after(void **state, bool straight)
{
    sync_world_t *world = *state;
    const char *records[EDITS], *shuffled[EDITS * 2];
    random_t random = random_seeded(11);
    size_t count;

    world_claim(world, "s1", "ann", "R1", "C1");
    count = make_shift(world, records);
    if (straight) {
        for (size_t i = 0; i < count; i += 5) {
            world_sync_list(world, world->store, "ann", &records[i], 5);
        }
        return world_state(world);
    }
    for (size_t i = 0; i < count * 2; i++) {
        shuffled[i] = records[i % count];
    }
    for (size_t i = count * 2 - 1; i > 0; i--) {
        size_t j = random_next(&random) % (i + 1);
        const char *other = shuffled[i];

        shuffled[i] = shuffled[j];
        shuffled[j] = other;
    }
    for (size_t i = 0; i < count * 2; i += 8) {
        world_sync_list(world, world->store, "ann", &shuffled[i], 8);
    }
    return world_state(world);
}

static void
lost_answers_doubled_and_shuffled_batches_change_nothing(void **state)
{
    sync_world_t *straight = *state, *shuffled = calloc(1, sizeof(*shuffled));
    const char *first, *second;

    assert_true(world_open(shuffled));
    first = state_after((void **) &straight, true);
    second = state_after((void **) &shuffled, false);
    assert_true(strstr(first, "finalized") != NULL && strstr(first, "void") != NULL);
    assert_string_equal(second, first);
    world_close(shuffled);
    free(shuffled);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(one_of_two_wins_a_serial_number),
        WITH_WORLD(the_same_batch_at_once_is_stored_once),
        WITH_WORLD(parallel_edits_end_with_the_newest),
        WITH_WORLD(a_claim_between_read_and_write_fences_the_stale_writer),
        WITH_WORLD(nothing_is_written_for_a_displaced_session),
        WITH_WORLD(a_decision_and_the_holders_first_figure_do_not_both_stand),
        WITH_WORLD(of_two_decisions_about_old_sessions_the_last_stands),
        WITH_WORLD(lost_answers_doubled_and_shuffled_batches_change_nothing),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
