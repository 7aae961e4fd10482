/* Snapshots by their jobs: attempts that overlap, die, are cancelled or come too late, and what they leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/blocks/block_owner.h"
#include "core/report/query/preview.h"
#include "core/report/snapshots/snapshot_take.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

enum { ROWS = 2300 };

static sv_real_mongodb_t real;
static const sv_principal_t who = { .user_id = "u1", .username = "boss", .role = SV_ROLE_SUPERVISOR };

static int
open_database(void **state)
{
    (void) state;
    if (!sv_real_mongodb_open(&real)) {
        return -1;
    }
    /* In another order than their codes'. */
    for (int n = 0; n < ROWS; n++) {
        int i = n * 7919 % ROWS;

        sv_real_insert(
            &real, SV_COLLECTION_ERP_ITEMS,
            sv_arena_printf(real.arena, "{'item_code': 'I%05d', 'stock_qty': {'$numberDecimal': '%d.5'}}", i, i % 10));
    }
    return 0;
}

static int
close_database(void **state)
{
    (void) state;
    sv_real_mongodb_close(&real);
    return 0;
}

static int
clear(void **state)
{
    static const sv_collection_t collections[] = { SV_COLLECTION_JOBS, SV_COLLECTION_REPORT_SNAPSHOTS,
                                                   SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                                                   SV_COLLECTION_REPORT_BLOCK_OWNERS, SV_COLLECTION_ACTIVITY_LOGS };

    (void) state;
    sv_error_clear(&real.error);
    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        sv_store_delete_many(real.store, collections[i], sv_doc_new(real.arena), NULL, &real.error);
    }
    return 0;
}

static void
must(sv_status_t status)
{
    if (status != SV_OK) {
        fail_msg("%s: %s", sv_status_code(status), real.error.cause != NULL ? real.error.cause : real.error.message);
    }
}

static const bson_t *
request(const char *name)
{
    bson_t *params = sv_real_json(real.arena, sv_arena_printf(real.arena,
                                                              "{'name': '%s', 'description': null, 'query':"
                                                              " {'collection': 'erp_items', 'fields': ['stock_qty']},"
                                                              " 'tags': ['t']}",
                                                              name));
    const bson_t *job = NULL;
    bool created = false;

    must(sv_snapshot_request(real.store, &who, params, real.arena, &job, &created, &real.error));
    return job;
}

static sv_job_claim_t *
start(const bson_t *job)
{
    sv_job_claim_t *claim = NULL;

    must(sv_job_start(real.store, sv_doc_text(job, "job_id", real.arena), "w1", real.arena, &claim, NULL, &real.error));
    assert_non_null(claim);
    return claim;
}

/* As when its worker is taken for dead. */
static void
take_away(const sv_job_claim_t *claim)
{
    sv_real_update(&real, SV_COLLECTION_JOBS, sv_arena_printf(real.arena, "{'job_id': '%s'}", claim->job_id),
                   "{'$set': {'status': 'queued'}}");
}

typedef struct {
    const char *stage; /* at which something happens */
    sv_status_t (*happens)(void *context, sv_error_t *error);
    void *context;
    int64_t told;
} event_t;

static sv_status_t
watch_event(void *context, const char *stage, int64_t rows, sv_error_t *error)
{
    event_t *event = context;

    event->told = rows;
    return event->stage != NULL && strcmp(stage, event->stage) == 0 ? event->happens(event->context, error) : SV_OK;
}

static sv_status_t
take(sv_store_t *store, const sv_job_claim_t *claim, event_t *event, const char **id)
{
    event_t none = { 0 };
    sv_snapshot_watch_t watch = { .progress = watch_event, .context = event != NULL ? event : &none };

    return sv_snapshot_take(store, claim, "/tmp", &watch, real.arena, id, &real.error);
}

static int64_t
blocks_of(const char *id, int64_t attempt)
{
    return sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                         sv_arena_printf(real.arena, "{'snapshot_id': '%s.%lld'}", id, (long long) attempt));
}

static void
is_whole(const char *id, int64_t attempt)
{
    sv_snapshot_t snapshot;
    sv_block_reader_t *reader;
    const bson_t *row = NULL;
    const char *code, *before = "";
    int64_t rows = 0;

    must(sv_snapshot_load(real.store, id, real.arena, &snapshot, &real.error));
    assert_string_equal(snapshot.blocks.owner, sv_arena_printf(real.arena, "%s.%lld", id, (long long) attempt));
    assert_int_equal(snapshot.rows, ROWS);
    reader = sv_block_reader_create(real.store, &snapshot.blocks, snapshot.columns, snapshot.column_count, 0);
    do {
        must(sv_block_reader_next_document(reader, &row, &real.error));
        rows += row != NULL;
        code = row != NULL ? sv_doc_text(row, "item_code", real.arena) : NULL;
        assert_true(code == NULL || strcmp(before, code) < 0);
        before = code;
    } while (row != NULL);
    sv_block_reader_destroy(reader);
    assert_int_equal(rows, ROWS);
    assert_int_equal(sv_doc_int(snapshot.document, "totals.stock_qty"), ROWS / 10 * INT64_C(50) * SV_QUANTITY_ONE);
}

static void
test_an_attempt_publishes_once(void **state)
{
    sv_job_claim_t *claim = start(request("once"));
    const char *id, *again;

    (void) state;
    must(take(real.store, claim, NULL, &id));
    is_whole(id, 1);
    assert_string_equal(id, sv_doc_text(claim->params, "snapshot_id", real.arena));
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_BLOCK_OWNERS, "{}"), 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'snapshot.create'}"), 1);
    /* The worker died before it said so: the next attempt finds it done. */
    take_away(claim);
    claim = start(sv_real_find(&real, SV_COLLECTION_JOBS, "{}"));
    assert_int_equal(claim->attempt, 2);
    must(take(real.store, claim, NULL, &again));
    assert_string_equal(id, again);
    is_whole(id, 1);
    assert_int_equal(blocks_of(id, 2), 0);
}

static void
test_an_attempt_that_was_taken_away(void **state)
{
    sv_job_claim_t *late = start(request("late")), *next;
    const char *id;

    (void) state;
    take_away(late);
    next = start(sv_real_find(&real, SV_COLLECTION_JOBS, "{}"));
    assert_int_equal(take(real.store, late, NULL, &id), SV_ERR_UNAVAILABLE);
    sv_error_clear(&real.error);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOTS, "{}"), 0);
    assert_int_equal(blocks_of(id, 1), 0);
    must(take(real.store, next, NULL, &id));
    is_whole(id, 2);
}

/* The other attempt does all of its work while the first is about to publish. */
static sv_status_t
overtake(void *context, sv_error_t *error)
{
    const sv_job_claim_t *claim = context;
    sv_store_t *other = sv_store_acquire(real.pool);
    const char *id;

    (void) error;
    take_away(claim);
    must(take(other, start(sv_real_find(&real, SV_COLLECTION_JOBS, "{}")), NULL, &id));
    sv_store_release(other);
    return SV_OK;
}

static void
test_an_attempt_that_is_overtaken(void **state)
{
    sv_job_claim_t *claim = start(request("overtaken"));
    event_t event = { .stage = "publishing", .happens = overtake, .context = claim };
    const char *id;

    (void) state;
    assert_int_equal(take(real.store, claim, &event, &id), SV_ERR_UNAVAILABLE);
    sv_error_clear(&real.error);
    is_whole(id, 2);
    assert_int_equal(blocks_of(id, 1), 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOTS, "{}"), 1);
}

static sv_status_t
cancel(void *context, sv_error_t *error)
{
    (void) context;
    return sv_fail(error, SV_ERR_UNAVAILABLE, "enough");
}

static void
test_a_cancelled_attempt_leaves_nothing(void **state)
{
    event_t event = { .stage = "publishing", .happens = cancel };
    const char *id;

    (void) state;
    assert_int_equal(take(real.store, start(request("cancelled")), &event, &id), SV_ERR_UNAVAILABLE);
    sv_error_clear(&real.error);
    assert_int_equal(event.told, ROWS);
    assert_int_equal(blocks_of(id, 1), 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOTS, "{}"), 0);
}

static void
note_with_block(const char *owner, const sv_job_claim_t *claim)
{
    sv_block_place_t place = sv_snapshot_blocks(owner);
    sv_row_layout_t layout = { 0 };
    sv_block_writer_t *writer = sv_block_writer_create(real.store, &place, &layout, NULL, &real.error);
    sv_block_totals_t totals;

    must(sv_block_owner_note(real.store, &place, claim, &real.error));
    must(sv_block_writer_finish(writer, &totals, &real.error));
    must(sv_block_writer_insert_last(writer, real.store, &real.error));
    sv_block_writer_destroy(writer);
}

static int64_t
owners(const char *filter)
{
    return sv_real_count(&real, SV_COLLECTION_REPORT_BLOCK_OWNERS, filter);
}

static void
test_what_nobody_owns_is_removed(void **state)
{
    sv_job_claim_t *live = start(request("live"));
    sv_job_claim_t dead = *live;
    int64_t removed = 0;

    (void) state;
    dead.attempt = 0;
    note_with_block("live.1", live);
    note_with_block("dead.1", &dead);
    must(sv_block_owners_round(real.store, NULL, &removed, &real.error));
    assert_int_equal(removed, 1);
    assert_int_equal(blocks_of("live", 1), 1);
    assert_int_equal(blocks_of("dead", 1), 0);
    /* It may have been asleep, and write once more: it is looked at again an hour later. */
    assert_int_equal(owners("{'owner': 'dead.1'}"), 1);
    must(sv_block_owners_round(real.store, NULL, &removed, &real.error));
    assert_int_equal(removed, 0);
    note_with_block("other.1", &dead);
    sv_real_update(&real, SV_COLLECTION_REPORT_BLOCK_OWNERS, "{'owner': 'dead.1'}",
                   "{'$set': {'dead_at': {'$date': '2020-01-01T00:00:00Z'}}}");
    must(sv_block_owners_round(real.store, NULL, &removed, &real.error));
    assert_int_equal(removed, 2);
    assert_int_equal(owners("{'owner': 'dead.1'}"), 0);
    assert_int_equal(owners("{}"), 2);
    assert_int_equal(blocks_of("live", 1), 1);
}

static void
test_a_deleted_snapshot_leaves_nothing(void **state)
{
    const char *id;
    sv_snapshot_t snapshot, held;
    sv_block_reader_t *reader;
    const bson_t *row;
    int64_t removed = 0;

    (void) state;
    must(take(real.store, start(request("deleted")), NULL, &id));
    must(sv_snapshot_load(real.store, id, real.arena, &held, &real.error));
    must(sv_snapshot_remove(real.store, &who, id, &real.error));
    assert_int_equal(sv_snapshot_load(real.store, id, real.arena, &snapshot, &real.error), SV_ERR_NOT_FOUND);
    sv_error_clear(&real.error);
    assert_int_equal(sv_snapshot_remove(real.store, &who, id, &real.error), SV_ERR_NOT_FOUND);
    sv_error_clear(&real.error);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'snapshot.delete'}"), 1);
    assert_true(blocks_of(id, 1) > 0);
    must(sv_block_owners_round(real.store, NULL, &removed, &real.error));
    assert_int_equal(removed, 1);
    assert_int_equal(blocks_of(id, 1), 0);
    /* Who has its head still is told what became of it. */
    reader = sv_block_reader_create(real.store, &held.blocks, held.columns, held.column_count, 0);
    assert_int_equal(sv_block_reader_next_document(reader, &row, &real.error), SV_ERR_NOT_FOUND);
    sv_error_clear(&real.error);
    sv_block_reader_destroy(reader);
}

/* ---- what a schedule keeps */

/* A run of a schedule; the snapshot's id. */
static const char *
take_of(const char *schedule_id, int keep)
{
    sv_job_request_t wanted = {
        .type = "snapshot.create",
        .params = sv_real_json(real.arena,
                               sv_arena_printf(real.arena,
                                               "{'name': 'Daily', 'description': null, 'tags': ['daily'], 'query':"
                                               " {'collection': 'erp_items', 'filters': [{'field': 'item_code', 'op':"
                                               " 'eq', 'value': 'I00001'}]}, 'keep': %d, 'tz': 'Asia/Kolkata'}",
                                               keep)),
        .schedule_id = schedule_id,
    };
    const bson_t *job = NULL;
    sv_job_claim_t *claim;
    bool created = false;
    const char *id;

    must(sv_job_request(real.store, &who, &wanted, real.arena, &job, &created, &real.error));
    claim = start(job);
    must(take(real.store, claim, NULL, &id));
    if (keep > 0) {
        must(sv_snapshots_keep_last(real.store, &who, schedule_id, keep, &real.error));
    }
    return id;
}

static bool
is_there(const char *id)
{
    return sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOTS,
                         sv_arena_printf(real.arena, "{'snapshot_id': '%s'}", id)) == 1;
}

static void
test_a_schedule_keeps_its_last(void **state)
{
    const char *by_hand, *refreshed, *other, *all, *ids[4];
    const bson_t *job = NULL, *deleted;
    sv_snapshot_t snapshot;
    bool created = false;
    int64_t removed = 0;

    (void) state;
    must(take(real.store, start(request("Daily")), NULL, &by_hand));
    other = take_of("other", 2);
    for (int i = 0; i < 4; i++) {
        ids[i] = take_of("daily", 2);
        if (i == 0) {
            must(sv_snapshot_refresh(real.store, &who, ids[0], real.arena, &job, &created, &real.error));
            must(take(real.store, start(job), NULL, &refreshed));
        }
    }
    assert_false(is_there(ids[0]));
    assert_false(is_there(ids[1]));
    assert_true(is_there(ids[2]) && is_there(ids[3]));
    assert_true(is_there(by_hand) && is_there(refreshed) && is_there(other));
    must(sv_snapshot_load(real.store, ids[3], real.arena, &snapshot, &real.error));
    assert_string_equal(snapshot.schedule_id, "daily");
    must(sv_snapshot_load(real.store, refreshed, real.arena, &snapshot, &real.error));
    assert_null(snapshot.schedule_id);
    assert_string_equal(snapshot.previous_id, ids[0]);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'snapshot.delete', 'details.kept_no_more_by': 'daily'}"),
                     2);
    deleted = sv_real_find(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'snapshot.delete'}");
    assert_string_equal(sv_doc_text(deleted, "details.name", real.arena), "Daily");
    must(sv_block_owners_round(real.store, NULL, &removed, &real.error));
    assert_int_equal(removed, 2);
    /* One that keeps all, and one whose number is lowered. */
    all = take_of("daily", 0);
    assert_true(is_there(ids[2]) && is_there(ids[3]) && is_there(all));
    ids[0] = take_of("daily", 1);
    assert_true(is_there(ids[0]) && is_there(by_hand));
    assert_false(is_there(ids[2]) || is_there(ids[3]) || is_there(all));
}

/* A run that has it to make a file of, and one that makes it: the snapshot stays until both are told of. */
static void
test_what_is_on_its_way_stays(void **state)
{
    static const struct {
        const char *run, *member, *name;
    } runs[] = { { "taken", "resource", "id" }, { "file", "params", "snapshot_id" } };

    (void) state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        const char *id = take_of("slow", 1);
        const char *filter = sv_arena_printf(real.arena, "{'job_id': '%s'}", runs[i].run);
        const char *run = sv_arena_printf(
            real.arena, "{'job_id': '%s', 'schedule_id': 'slow', 'delivery': 'due', '%s': {'%s': '%s'}}", runs[i].run,
            runs[i].member, runs[i].name, id);

        must(sv_store_insert(real.store, SV_COLLECTION_JOBS, sv_real_json(real.arena, run), &real.error));
        take_of("slow", 1);
        assert_true(is_there(id));
        sv_real_update(&real, SV_COLLECTION_JOBS, filter, "{'$set': {'delivery': 'asked'}}");
        take_of("slow", 1);
        assert_false(is_there(id));
    }
}

/* The next attempt clears up behind the dead one before it begins. */
static void
test_the_next_attempt_clears_up(void **state)
{
    sv_job_claim_t *claim = start(request("again"));
    const char *id = sv_doc_text(claim->params, "snapshot_id", real.arena);

    (void) state;
    note_with_block(sv_arena_printf(real.arena, "%s.1", id), claim);
    assert_int_equal(blocks_of(id, 1), 1);
    take_away(claim);
    must(take(real.store, start(sv_real_find(&real, SV_COLLECTION_JOBS, "{}")), NULL, &id));
    assert_int_equal(blocks_of(id, 1), 0);
    is_whole(id, 2);
}

static void
test_versions(void **state)
{
    const bson_t *job = NULL, *same = NULL;
    bool created = false;
    sv_snapshot_t next;
    const char *id;

    (void) state;
    must(take(real.store, start(request("versions")), NULL, &id));
    must(sv_snapshot_refresh(real.store, &who, id, real.arena, &job, &created, &real.error));
    assert_true(created);
    must(sv_snapshot_refresh(real.store, &who, id, real.arena, &same, &created, &real.error));
    assert_false(created);
    assert_string_equal(sv_doc_text(job, "job_id", real.arena), sv_doc_text(same, "job_id", real.arena));
    assert_int_equal(sv_snapshot_refresh(real.store, &who, "nothing", real.arena, &same, &created, &real.error),
                     SV_ERR_NOT_FOUND);
    sv_error_clear(&real.error);
    must(take(real.store, start(job), NULL, &id));
    must(sv_snapshot_load(real.store, id, real.arena, &next, &real.error));
    assert_int_equal(next.version, 2);
    assert_non_null(next.previous_id);
    assert_string_equal(next.name, "versions");
}

/* ---- errors of the server, as the server itself is told to make them */

static bool
fail_commands(const char *command, int code, int times)
{
    bson_t *fail =
        sv_doc_take(BCON_NEW("configureFailPoint", "failCommand", "mode", "{", "times", BCON_INT32(times), "}", "data",
                             "{", "failCommands", "[", BCON_UTF8(command), "]", "errorCode", BCON_INT32(code), "}"),
                    real.arena);
    bson_error_t reason;

    if (!mongoc_client_command_simple(real.store->client, "admin", fail, NULL, NULL, &reason)) {
        print_message("SKIPPED: this server has no fail points (%s)\n", reason.message);
        return false;
    }
    return true;
}

static void
test_history_that_is_gone(void **state)
{
    const char *id;

    (void) state;
    if (!fail_commands("getMore", 239, 1)) {
        return;
    }
    assert_int_equal(take(real.store, start(request("too old")), NULL, &id), SV_ERR_SNAPSHOT_WINDOW_EXCEEDED);
    assert_non_null(strstr(sv_status_message(real.error.status), "minSnapshotHistoryWindowInSeconds"));
    sv_error_clear(&real.error);
    assert_int_equal(blocks_of(id, 1), 0);
}

static sv_status_t
preview(const char *query_json)
{
    const json_t *json = sv_json_parse_object(query_json, strlen(query_json), real.arena, &real.error);
    sv_report_query_t *query = sv_report_query_parse(json, real.arena, &real.error);
    sv_json_writer_t w;
    sv_buffer_t text;

    sv_buffer_init(&text, real.arena, 4096);
    sv_json_writer_init(&w, &text);
    return sv_report_preview(real.store, query, 5, &w, &real.error);
}

static void
test_the_server_s_time_limit(void **state)
{
    static const char rows[] = "{\"collection\": \"erp_items\"}";
    static const char groups[] = "{\"collection\": \"erp_items\", \"group_by\": [\"category\"]}";

    (void) state;
    must(preview(rows));
    must(preview(groups));
    if (!fail_commands("find", 50, 1)) {
        return;
    }
    assert_int_equal(preview(rows), SV_ERR_QUERY_TOO_SLOW);
    assert_non_null(strstr(real.error.message, "item_code"));
    sv_error_clear(&real.error);
    assert_true(fail_commands("aggregate", 50, 1));
    assert_int_equal(preview(groups), SV_ERR_QUERY_TOO_SLOW);
    sv_error_clear(&real.error);
    must(preview(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_attempt_publishes_once, clear),
        cmocka_unit_test_setup(test_an_attempt_that_was_taken_away, clear),
        cmocka_unit_test_setup(test_an_attempt_that_is_overtaken, clear),
        cmocka_unit_test_setup(test_a_cancelled_attempt_leaves_nothing, clear),
        cmocka_unit_test_setup(test_what_nobody_owns_is_removed, clear),
        cmocka_unit_test_setup(test_a_deleted_snapshot_leaves_nothing, clear),
        cmocka_unit_test_setup(test_a_schedule_keeps_its_last, clear),
        cmocka_unit_test_setup(test_what_is_on_its_way_stays, clear),
        cmocka_unit_test_setup(test_the_next_attempt_clears_up, clear),
        cmocka_unit_test_setup(test_versions, clear),
        cmocka_unit_test_setup(test_history_that_is_gone, clear),
        cmocka_unit_test_setup(test_the_server_s_time_limit, clear),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, open_database, close_database) : 0;
}
