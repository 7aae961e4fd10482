/* Comparisons of snapshots in a database: asked for, made, published once whatever happens to its attempts, removed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "core/report/blocks/block_owner.h"
#include "core/report/compare/comparison.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"
#include "t/unit/random.h"

enum { ROWS = 2500 };

static const sv_column_t columns[] = {
    { "item_code", "Item code", SV_COLUMN_TEXT, true, false, false },
    { "rack_id", "Rack", SV_COLUMN_TEXT, false, false, false },
    { "verified_qty", "Verified quantity", SV_COLUMN_QUANTITY, false, false, true },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static sv_job_world_t world;
static int snapshot_number;

static sv_store_t *
store(void)
{
    return world.real.store;
}

/* The last two change places in LATE. */
typedef enum { STRAIGHT, BACKWARDS, LATE } order_t;

static int
place_in(order_t order, int i)
{
    return order == BACKWARDS ? ROWS - 1 - i : order == LATE && i >= ROWS - 2 ? 2 * ROWS - 3 - i : i;
}

enum { LONG_RACK = 500 };
static bool long_racks; /* names that nothing compresses: a comparison of them is more than one insert has */

static const char *
rack_of(int number, random_t *random)
{
    static char name[LONG_RACK + 1];

    if (!long_racks) {
        return number % 2 ? "R1" : "R2";
    }
    for (size_t i = 0; i < LONG_RACK; i++) {
        name[i] = (char) random_between(random, '0', 'z');
    }
    return name;
}

/* A snapshot of items from `first` on, every `step`-th; quantity = number + `more`, the rack alternates. */
static const char *
snapshot(int first, int step, int64_t more, order_t order)
{
    const char *id = sv_arena_printf(world.real.arena, "snapshot-%d", ++snapshot_number);
    sv_block_place_t place = sv_snapshot_blocks(sv_arena_printf(world.real.arena, "%s.1", id));
    sv_block_writer_t *writer;
    sv_row_layout_t layout;
    sv_row_packer_t packer;
    sv_block_totals_t totals;
    bson_t *head = sv_doc_new(world.real.arena);
    random_t random = random_seeded((uint64_t) snapshot_number);

    sv_row_layout_init(&layout, columns, COLUMNS, world.real.arena);
    sv_row_packer_init(&packer, &layout, world.real.arena);
    writer = sv_block_writer_create(store(), &place, &layout, NULL, &world.real.error);
    for (int i = 0; i < ROWS; i++) {
        int number = first + step * place_in(order, i);
        bson_t row = BSON_INITIALIZER;
        char code[16];

        snprintf(code, sizeof(code), "I%06d", number);
        BCON_APPEND(&row, "item_code", BCON_UTF8(code), "rack_id", BCON_UTF8(rack_of(number, &random)), "verified_qty",
                    BCON_INT64((number + more) * 1000000));
        SV_MUST(&world, sv_block_writer_add(writer, sv_row_packer_document(&packer, &row, &world.real.error),
                                            &world.real.error));
        bson_destroy(&row);
    }
    SV_MUST(&world, sv_block_writer_finish(writer, &totals, &world.real.error));
    SV_MUST(&world, sv_block_writer_insert_last(writer, store(), &world.real.error));
    sv_block_writer_destroy(writer);
    BCON_APPEND(head, "snapshot_id", BCON_UTF8(id), "name", BCON_UTF8(id), "owner", BCON_UTF8(place.owner), "rows",
                BCON_INT64(ROWS), "digest", BCON_UTF8(totals.digest), "taken_at", BCON_DATE_TIME(1000));
    sv_columns_append(head, "columns", columns, COLUMNS);
    SV_MUST(&world, sv_store_insert(store(), SV_COLLECTION_REPORT_SNAPSHOTS, head, &world.real.error));
    return id;
}

static sv_status_t
request(const char *a, const char *b, const char *more, const bson_t **job, bool *created)
{
    const char *json =
        sv_arena_printf(world.real.arena, "{\"baseline_id\": \"%s\", \"comparison_id\": \"%s\"%s}", a, b, more);
    sv_json_fields_t fields = { .path = "", .error = &world.real.error };

    sv_error_clear(&world.real.error);
    fields.object = sv_json_parse_object(json, strlen(json), world.real.arena, &world.real.error);
    return sv_comparison_request(store(), &world.who, &fields, world.real.arena, job, created, &world.real.error);
}

static const char *
requested(const char *a, const char *b, const char *more)
{
    const bson_t *job;
    bool created;

    SV_MUST(&world, request(a, b, more, &job, &created));
    assert_true(created);
    assert_string_equal(sv_doc_text(job, "resource.id", world.real.arena),
                        sv_doc_text(job, "job_id", world.real.arena));
    assert_string_equal(
        sv_doc_text(job, "resource.url", world.real.arena),
        sv_arena_printf(world.real.arena, "/api/reports/compare/%s", sv_doc_text(job, "job_id", world.real.arena)));
    return sv_doc_text(job, "job_id", world.real.arena);
}

/* ---- an attempt, stopped after some looks when `stop_after` is not 0 */

static int looks, stop_after;
static void (*meanwhile)(const char *job_id);
static const char *meanwhile_job;

static sv_status_t
watch(void *context, const char *stage, int64_t done, int64_t total, sv_error_t *error)
{
    (void) context;
    assert_true(done <= total);
    if (meanwhile != NULL && strcmp(stage, "publishing") == 0) {
        void (*act)(const char *) = meanwhile;

        meanwhile = NULL;
        act(meanwhile_job);
    }
    return ++looks == stop_after ? sv_fail(error, SV_ERR_UNAVAILABLE, "stopped") : SV_OK;
}

static sv_status_t
make(const sv_job_claim_t *claim)
{
    sv_comparison_watch_t told = { watch, NULL };

    looks = 0;
    sv_error_clear(&world.real.error);
    return sv_comparison_make(store(), claim, world.spool, &told, world.real.arena, &world.real.error);
}

static sv_job_claim_t *
start(const char *job_id, const char *worker)
{
    return sv_job_world_start(&world, job_id, worker);
}

static sv_comparison_t
load(const char *id)
{
    sv_comparison_t comparison;

    SV_MUST(&world, sv_comparison_load(store(), id, world.real.arena, &comparison, &world.real.error));
    return comparison;
}

static int64_t
blocks_of(const char *job_id)
{
    return sv_real_count(&world.real, SV_COLLECTION_REPORT_COMPARE_BLOCKS,
                         sv_arena_printf(world.real.arena, "{'owner': {'$regex': '^%s'}}", job_id));
}

static int64_t
owners_of(const char *job_id)
{
    return sv_real_count(&world.real, SV_COLLECTION_REPORT_BLOCK_OWNERS,
                         sv_arena_printf(world.real.arena, "{'owner': {'$regex': '^%s'}}", job_id));
}

static json_t *
page(const sv_comparison_t *comparison, int change, int64_t limit, const char *cursor)
{
    sv_page_t asked = { .limit = limit, .cursor = cursor };
    sv_json_writer_t writer;
    sv_buffer_t text;
    json_t *read;

    sv_buffer_init(&text, world.real.arena, 1024);
    sv_json_writer_init(&writer, &text);
    sv_json_object(&writer, NULL);
    sv_comparison_write_members(&writer, comparison, true);
    SV_MUST(&world, sv_comparison_page(store(), comparison, change, &asked, &writer, &world.real.error));
    sv_json_end(&writer);
    read = json_loads(text.data, 0, NULL);
    assert_non_null(read);
    return read;
}

static int
setup(void **state)
{
    static const sv_collection_t collections[] = { SV_COLLECTION_REPORT_COMPARE_JOBS,
                                                   SV_COLLECTION_REPORT_COMPARE_BLOCKS,
                                                   SV_COLLECTION_REPORT_BLOCK_OWNERS };

    (void) state;
    sv_job_world_clear(&world);
    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        SV_MUST(&world,
                sv_store_delete_many(store(), collections[i], sv_doc_new(world.real.arena), NULL, &world.real.error));
    }
    stop_after = 0;
    meanwhile = NULL;
    return 0;
}

/* ---- the tests */

/* The even ones of 0..4998 against those from 500 on that leave 2 when divided by four: the shares are known by hand.
 */
static void
two_snapshots_become_a_comparison(void **state)
{
    const char *a = snapshot(0, 2, 0, STRAIGHT), *b = snapshot(500, 4, 1, STRAIGHT);
    const char *id = requested(a, b, ", \"name\": \"Weeks\"");
    sv_comparison_t comparison;
    json_t *seen, *row, *field;
    int64_t rows = 0;
    const char *cursor = NULL;

    (void) state;
    SV_MUST(&world, make(start(id, "w1")));
    comparison = load(id);
    /* a: 0, 2, ... 4998; b: 500, 504, ... 10496.  Both: 500, 504, ... 4996 */
    assert_int_equal(comparison.counts[SV_ROW_CHANGED], 1125);
    assert_int_equal(comparison.counts[SV_ROW_REMOVED], ROWS - 1125);
    assert_int_equal(comparison.counts[SV_ROW_ADDED], ROWS - 1125);
    assert_int_equal(comparison.counts[SV_ROW_UNCHANGED], 0);
    assert_int_equal(comparison.kept.rows, 2 * ROWS - 1125);
    assert_int_equal(owners_of(id), 0);

    seen = page(&comparison, -1, 3, NULL);
    assert_string_equal(json_string_value(json_object_get(seen, "name")), "Weeks");
    assert_string_equal(json_string_value(json_object_get(seen, "next_cursor")), "3");
    row = json_array_get(json_object_get(seen, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "item_code")), "I000000");
    assert_string_equal(json_string_value(json_object_get(row, "change")), "removed");
    field = json_array_get(json_object_get(seen, "fields"), 1);
    assert_string_equal(json_string_value(json_object_get(field, "name")), "verified_qty");
    assert_true(json_number_value(json_object_get(field, "baseline_sum")) == 2499.0 * ROWS);
    assert_true(json_number_value(json_object_get(field, "comparison_sum")) == 5499.0 * ROWS);
    assert_true(json_number_value(json_object_get(field, "delta")) == 3000.0 * ROWS);
    assert_int_equal(json_integer_value(json_object_get(field, "increased")), 1125);
    json_decref(seen);

    do {
        seen = page(&comparison, SV_ROW_CHANGED, 500, cursor);
        rows += (int64_t) json_array_size(json_object_get(seen, "items"));
        assert_int_equal(json_integer_value(json_object_get(seen, "total")), 1125);
        cursor = json_is_null(json_object_get(seen, "next_cursor"))
                     ? NULL
                     : sv_arena_strdup(world.real.arena, json_string_value(json_object_get(seen, "next_cursor")));
        json_decref(seen);
    } while (cursor != NULL);
    assert_int_equal(rows, 1125);
}

static void
snapshots_in_another_order_give_the_same(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 5, STRAIGHT);
    const char *a_back = snapshot(0, 1, 0, BACKWARDS), *b_back = snapshot(0, 1, 5, BACKWARDS);
    const char *straight = requested(a, b, ""), *back = requested(a_back, b_back, "");
    const char *by_rack = requested(a_back, b, ", \"key_fields\": [\"rack_id\", \"item_code\"]");
    const char *late = requested(a, snapshot(0, 1, 5, LATE), "");
    sv_comparison_t first, second;
    json_t *seen;

    (void) state;
    SV_MUST(&world, make(start(straight, "w1")));
    SV_MUST(&world, make(start(back, "w1")));
    SV_MUST(&world, make(start(late, "w1")));
    first = load(straight);
    second = load(back);
    assert_int_equal(first.kept.rows, ROWS);
    assert_string_equal(first.digest, second.digest);
    second = load(late);
    assert_string_equal(first.digest, second.digest);
    assert_int_equal(blocks_of(late), blocks_of(straight));
    SV_MUST(&world, make(start(by_rack, "w1")));
    second = load(by_rack);
    assert_int_equal(second.counts[SV_ROW_CHANGED], ROWS);
    seen = page(&second, -1, 1, sv_arena_printf(world.real.arena, "%d", ROWS / 2));
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(json_object_get(seen, "items"), 0), "rack_id")), "R2");
    json_decref(seen);
}

static void
the_same_request_is_one_job(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");
    const bson_t *job;
    bool created;

    (void) state;
    SV_MUST(&world, request(a, b, ", \"key_fields\": [\"item_code\"], \"tolerance\": 0", &job, &created));
    assert_false(created);
    assert_string_equal(sv_doc_text(job, "job_id", world.real.arena), id);
    SV_MUST(&world, request(a, b, ", \"tolerance\": 1", &job, &created));
    assert_true(created);
}

static void
wrong_requests_name_the_field(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT);
    const bson_t *job;
    bool created;

    (void) state;
    assert_int_equal(request(a, "no-such-thing", "", &job, &created), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(world.real.error.details[0].field, "comparison_id");
    assert_int_equal(request(a, a, "", &job, &created), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(world.real.error.details[0].field, "comparison_id");
    assert_int_equal(request("../", a, ", \"tolerance\": -1", &job, &created), SV_ERR_VALIDATION_FAILED);
    assert_int_equal(world.real.error.detail_count, 2);
}

static void
a_stopped_attempt_leaves_nothing(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");

    (void) state;
    stop_after = 6;
    assert_int_equal(make(start(id, "w1")), SV_ERR_UNAVAILABLE);
    assert_int_equal(blocks_of(id), 0);
}

static void
what_a_dead_attempt_wrote_is_removed_by_the_next(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");
    sv_job_claim_t *dead = start(id, "w1");
    sv_block_place_t place = sv_comparison_blocks(sv_arena_printf(world.real.arena, "%s.1", id));
    sv_row_layout_t layout = { 0 };
    sv_packed_row_t row = { (const uint8_t *) "", 0 };
    sv_block_writer_t *writer = sv_block_writer_create(store(), &place, &layout, NULL, &world.real.error);
    sv_block_totals_t totals;

    (void) state;
    SV_MUST(&world, sv_block_owner_note(store(), &place, dead, &world.real.error));
    SV_MUST(&world, sv_block_writer_add(writer, &row, &world.real.error));
    SV_MUST(&world, sv_block_writer_finish(writer, &totals, &world.real.error));
    SV_MUST(&world, sv_block_writer_insert_last(writer, store(), &world.real.error));
    sv_block_writer_destroy(writer);
    assert_int_equal(blocks_of(id), 1);
    sv_job_world_lapse(&world, id);
    SV_MUST(&world, make(start(id, "w2")));
    assert_string_equal(load(id).kept.place.owner, sv_arena_printf(world.real.arena, "%s.2", id));
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_REPORT_COMPARE_BLOCKS,
                                   sv_arena_printf(world.real.arena, "{'owner': '%s.1'}", id)),
                     0);
}

static void
lapse(const char *job_id)
{
    sv_job_world_lapse(&world, job_id);
    start(job_id, "w2");
}

/* Of many blocks the first are there before the head, and noted until it is. */
static void
first_blocks_are_noted(const char *job_id)
{
    assert_int_equal(owners_of(job_id), 1);
    assert_true(blocks_of(job_id) > 0);
    assert_true(blocks_of(job_id) < (ROWS + SV_BLOCK_ROWS - 1) / SV_BLOCK_ROWS);
}

static void
there_are_none_yet(const char *job_id)
{
    assert_int_equal(owners_of(job_id), 0);
    assert_int_equal(blocks_of(job_id), 0);
}

static void
many_blocks_are_noted_until_they_are_published(void **state)
{
    const char *a, *b, *id;

    (void) state;
    long_racks = true;
    a = snapshot(0, 1, 0, STRAIGHT);
    b = snapshot(0, 1, 1, STRAIGHT);
    long_racks = false;
    id = requested(a, b, "");
    meanwhile = first_blocks_are_noted;
    meanwhile_job = id;
    SV_MUST(&world, make(start(id, "w1")));
    assert_int_equal(owners_of(id), 0);
    assert_int_equal(load(id).counts[SV_ROW_CHANGED], ROWS);
    assert_int_equal(load(id).kept.rows, ROWS);
    assert_int_equal(blocks_of(id), sv_doc_int(load(id).document, "blocks"));
}

/* Few are not there before the head is. */
static void
few_blocks_are_published_with_their_head(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");

    (void) state;
    meanwhile = there_are_none_yet;
    meanwhile_job = id;
    SV_MUST(&world, make(start(id, "w1")));
    assert_true(blocks_of(id) > 0);
    assert_int_equal(owners_of(id), 0);
}

/* It was stopped just before it published, and another took over meanwhile. */
static void
an_attempt_that_lost_its_job_publishes_nothing(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");
    int64_t removed;

    (void) state;
    meanwhile = lapse;
    meanwhile_job = id;
    assert_int_equal(make(start(id, "w1")), SV_ERR_UNAVAILABLE);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_REPORT_COMPARE_JOBS, "{}"), 0);
    SV_MUST(&world, sv_block_owners_round(store(), id, &removed, &world.real.error));
    assert_int_equal(blocks_of(id), 0);
}

/* Published, and then its success was never written: the next attempt finds it. */
static void
a_second_attempt_takes_what_the_first_published(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");

    (void) state;
    SV_MUST(&world, make(start(id, "w1")));
    sv_job_world_lapse(&world, id);
    SV_MUST(&world, make(start(id, "w2")));
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_REPORT_COMPARE_JOBS, "{}"), 1);
    assert_string_equal(load(id).kept.place.owner, sv_arena_printf(world.real.arena, "%s.1", id));
    assert_int_equal(blocks_of(id), (ROWS + SV_BLOCK_ROWS - 1) / SV_BLOCK_ROWS);
}

static void
keys_that_stand_twice_and_snapshots_that_are_gone(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, ", \"key_fields\": [\"rack_id\"]"), *gone = requested(a, b, "");

    (void) state;
    assert_int_equal(make(start(id, "w1")), SV_ERR_KEY_NOT_UNIQUE);
    assert_int_equal(blocks_of(id), 0);
    SV_MUST(&world, sv_snapshot_remove(store(), &world.who, b, &world.real.error));
    assert_int_equal(make(start(gone, "w1")), SV_ERR_NOT_FOUND);
}

static void
a_removed_comparison_takes_its_rows_along(void **state)
{
    const char *a = snapshot(0, 1, 0, STRAIGHT), *b = snapshot(0, 1, 1, STRAIGHT);
    const char *id = requested(a, b, "");
    int64_t removed;

    (void) state;
    SV_MUST(&world, make(start(id, "w1")));
    SV_MUST(&world, sv_comparison_remove(store(), &world.who, id, &world.real.error));
    assert_int_equal(sv_comparison_remove(store(), &world.who, id, &world.real.error), SV_ERR_NOT_FOUND);
    sv_error_clear(&world.real.error);
    SV_MUST(&world, sv_block_owners_round(store(), NULL, &removed, &world.real.error));
    assert_int_equal(blocks_of(id), 0);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'comparison.delete'}"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_snapshots_become_a_comparison, setup),
        cmocka_unit_test_setup(snapshots_in_another_order_give_the_same, setup),
        cmocka_unit_test_setup(the_same_request_is_one_job, setup),
        cmocka_unit_test_setup(wrong_requests_name_the_field, setup),
        cmocka_unit_test_setup(a_stopped_attempt_leaves_nothing, setup),
        cmocka_unit_test_setup(what_a_dead_attempt_wrote_is_removed_by_the_next, setup),
        cmocka_unit_test_setup(many_blocks_are_noted_until_they_are_published, setup),
        cmocka_unit_test_setup(few_blocks_are_published_with_their_head, setup),
        cmocka_unit_test_setup(an_attempt_that_lost_its_job_publishes_nothing, setup),
        cmocka_unit_test_setup(a_second_attempt_takes_what_the_first_published, setup),
        cmocka_unit_test_setup(keys_that_stand_twice_and_snapshots_that_are_gone, setup),
        cmocka_unit_test_setup(a_removed_comparison_takes_its_rows_along, setup),
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
