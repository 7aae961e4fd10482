#include "t/unit/sync_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/store/document.h"

enum { WORLD_ITEMS = 9, WORLD_MAX_RECORDS = 200 };

bool
world_open(sync_world_t *world)
{
    if (!sv_real_mongodb_open(&world->real)) {
        return false;
    }
    world->store = world->real.store;
    world->arena = world->real.arena;
    for (int i = 1; i <= WORLD_ITEMS; i++) {
        sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS,
                       sv_arena_printf(world->arena, "{'item_code': 'ITM-%d', 'item_name': 'Item %d'}", i, i));
        sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS,
                       sv_arena_printf(world->arena,
                                       "{'item_code': 'SER-%d', 'item_name': 'Serial %d', 'serial_tracked': true}", i,
                                       i));
    }
    world_count(world, "C1", "OPEN");
    return true;
}

void
world_close(sync_world_t *world)
{
    sv_real_mongodb_close(&world->real);
}

int
world_setup(void **state)
{
    sync_world_t *world = calloc(1, sizeof(*world));

    if (!world_open(world)) {
        free(world);
        return -1;
    }
    *state = world;
    return 0;
}

int
world_setup_ann(void **state)
{
    if (world_setup(state) != 0) {
        return -1;
    }
    world_claim(*state, "s1", "ann", "R1", "C1");
    return 0;
}

int
world_teardown(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

sv_principal_t
world_user(const char *user_id)
{
    return (sv_principal_t){ .user_id = user_id,
                             .username = user_id,
                             .full_name = user_id,
                             .warehouse = "W1",
                             .role = strcmp(user_id, "sue") == 0 ? SV_ROLE_SUPERVISOR : SV_ROLE_STAFF,
                             .request_id = "test" };
}

void
world_count(sync_world_t *world, const char *count_id, const char *status)
{
    sv_real_insert(&world->real, SV_COLLECTION_SESSIONS,
                   sv_arena_printf(world->arena,
                                   "{'session_id': '%s', 'kind': 'opened', 'warehouse': 'W1', 'status': '%s', "
                                   "'blind': false, 'strict': false}",
                                   count_id, status));
}

/* Where a rack's counting stands in a count, and whose it was without a break. */
typedef struct {
    long long fence, round, own_since;
    bool first;
} world_place_t;

static void
world_new_session(sync_world_t *world, const char *session_id, const char *user_id, const char *rack_id,
                  const char *count_id, const world_place_t *place)
{
    sv_real_insert(
        &world->real, SV_COLLECTION_VERIFICATION_SESSIONS,
        sv_arena_printf(world->arena,
                        "{'session_id': '%s', 'user_id': '%s', 'username': '%s', 'full_name': 'Full %s', "
                        "'rack_id': '%s', 'warehouse': 'W1', 'floor': 'F1', 'count_id': '%s', 'count_state': 'OPEN', "
                        "'blind': false, 'strict': false, 'fence': {'$numberLong': '%lld'}, "
                        "'round': {'$numberLong': '%lld'}, 'own_since': {'$numberLong': '%lld'}, "
                        "'status': 'active', 'superseded': false, "
                        "'writes': {'$numberLong': '0'}, 'plain': %s, "
                        "'started_at': {'$date': {'$numberLong': '%lld'}}, "
                        "'last_heartbeat': {'$date': {'$numberLong': '%lld'}}}",
                        session_id, user_id, user_id, user_id, rack_id, count_id, place->fence, place->round,
                        place->own_since, place->first ? "true" : "false", (long long) sv_clock_now_ms(),
                        (long long) sv_clock_now_ms()));
}

static void
world_take(sync_world_t *world, const char *session_id, const char *user_id, const char *rack_id, const char *count_id,
           bool recount)
{
    const char *of_rack = sv_arena_printf(world->arena, "{'rack_id': '%s'}", rack_id);
    const char *of_count = sv_arena_printf(world->arena, "{'rack_id': '%s', 'count_id': '%s'}", rack_id, count_id);
    const bson_t *rack = sv_real_find(&world->real, SV_COLLECTION_RACK_REGISTRY, of_rack), *before;
    world_place_t place = { .fence = 1, .round = 1, .own_since = 1, .first = true };

    if (rack == NULL) {
        sv_real_insert(&world->real, SV_COLLECTION_RACK_REGISTRY,
                       sv_arena_printf(world->arena, "{'rack_id': '%s', 'warehouse': 'W1', 'floor': 'F1'}", rack_id));
    } else {
        const char *of_session =
            sv_arena_printf(world->arena, "{'session_id': '%s'}", sv_doc_text(rack, "session_id", world->arena));

        place.fence = place.own_since = sv_doc_int(rack, "fence") + 1;
        before = sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, of_session);
        if (strcmp(sv_doc_text(before, "user_id", world->arena), user_id) == 0) {
            place.own_since = sv_doc_int(before, "own_since");
        }
        place.first = sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, of_count) == 0;
        place.round = place.first ? 1 : sv_doc_int(before, "round") + recount;
        sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, of_session,
                       "{'$set': {'superseded': true}, '$inc': {'writes': 1}}");
    }
    sv_real_update(&world->real, SV_COLLECTION_RACK_REGISTRY, of_rack,
                   sv_arena_printf(world->arena,
                                   "{'$set': {'session_id': '%s', 'user_id': '%s', 'count_id': '%s', "
                                   "'fence': {'$numberLong': '%lld'}, 'status': 'claimed', "
                                   "'hold_ms': {'$numberLong': '70000'}}, '$currentDate': {'held_at': true}}",
                                   session_id, user_id, count_id, place.fence));
    world_new_session(world, session_id, user_id, rack_id, count_id, &place);
}

void
world_claim(sync_world_t *world, const char *session_id, const char *user_id, const char *rack_id, const char *count_id)
{
    world_take(world, session_id, user_id, rack_id, count_id, false);
}

void
world_recount(sync_world_t *world, const char *session_id, const char *user_id, const char *rack_id,
              const char *count_id)
{
    world_take(world, session_id, user_id, rack_id, count_id, true);
}

const char *
world_record(sync_world_t *world, const char *client_record_id, const char *session_id, const char *item_code,
             double verified_qty, const char *more)
{
    char *members = sv_arena_strdup(world->arena, more);

    for (char *c = members; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return sv_arena_printf(world->arena,
                           "{\"client_record_id\":\"%s\",\"session_id\":\"%s\",\"item_code\":\"%s\","
                           "\"verified_qty\":%.6f,%s\"created_at\":\"2026-01-05T08:00:00Z\"%s%s}",
                           client_record_id, session_id, item_code, verified_qty,
                           strstr(members, "\"status\"") != NULL ? "" : "\"status\":\"finalized\",",
                           strstr(members, "\"updated_at\"") != NULL ? "" : ",\"updated_at\":\"2026-01-05T08:00:00Z\"",
                           *members != '\0' ? sv_arena_printf(world->arena, ",%s", members) : "");
}

sv_sync_result_t
world_sync_list(sync_world_t *world, sv_store_t *store, const char *user_id, const char *const *records, size_t count)
{
    sv_principal_t who = world_user(user_id);
    sv_sync_batch_t batch;
    sv_sync_result_t result;
    sv_buffer_t body;
    sv_error_t error;
    const json_t *value;

    sv_buffer_init(&body, world->arena, 1024);
    sv_buffer_puts(&body, "{\"batch_id\":\"b\",\"records\":[");
    for (size_t i = 0; i < count; i++) {
        sv_buffer_printf(&body, "%s%s", i > 0 ? "," : "", records[i]);
    }
    sv_buffer_puts(&body, "]}");
    sv_error_init(&error, world->arena);
    value = sv_json_parse_object(body.data, body.length, world->arena, &error);
    if (value == NULL || sv_sync_parse(value, store->settings, &batch, &error) != SV_OK ||
        sv_sync_batch(store, &who, &batch, &result, &error) != SV_OK) {
        fail_msg("%s: %s %s", sv_status_code(error.status), error.message != NULL ? error.message : "",
                 error.cause != NULL ? error.cause : "");
    }
    assert_int_equal(result.count, count);
    assert_int_equal(result.ok + result.conflicts + result.errors, count);
    return result;
}

const char *
world_words(sync_world_t *world, const sv_sync_result_t *result)
{
    sv_buffer_t words;

    sv_buffer_init(&words, world->arena, 256);
    sv_buffer_puts(&words, "");
    for (size_t i = 0; i < result->count; i++) {
        const sv_verdict_t *verdict = &result->verdicts[i];

        sv_buffer_puts(&words, i > 0 ? " " : "");
        switch (verdict->kind) {
        case SV_VERDICT_OK:
            sv_buffer_puts(&words, "ok");
            break;
        case SV_VERDICT_CONFLICT:
            sv_buffer_puts(&words, sv_conflict_type_name(verdict->type));
            break;
        case SV_VERDICT_ERROR:
            sv_buffer_printf(&words, "error:%s", verdict->fault.code);
            break;
        }
    }
    return words.data;
}

const char *
world_sync(sync_world_t *world, const char *user_id, ...)
{
    const char *records[WORLD_MAX_RECORDS], *record;
    sv_sync_result_t result;
    size_t count = 0;
    va_list args;

    va_start(args, user_id);
    while ((record = va_arg(args, const char *)) != NULL) {
        records[count++] = record;
    }
    va_end(args);
    result = world_sync_list(world, world->store, user_id, records, count);
    return world_words(world, &result);
}

const char *
world_meet(sync_world_t *world, const char *user_id, const char *record, const char *type)
{
    sv_sync_result_t result = world_sync_list(world, world->store, user_id, &record, 1);

    assert_string_equal(world_words(world, &result), type);
    assert_non_null(result.verdicts[0].conflict_id);
    return result.verdicts[0].conflict_id;
}

sv_status_t
world_resolve(sync_world_t *world, const char *user_id, const char *conflict_id, sv_resolve_action_t action,
              const char *record_json, sv_resolved_t *resolved)
{
    sv_principal_t who = world_user(user_id);
    sv_resolve_t resolve = { .conflict_id = conflict_id, .action = action };
    sv_resolved_t unused;
    sv_error_t error;
    sv_status_t status;

    sv_error_init(&error, world->arena);
    if (record_json != NULL) {
        char *text = sv_arena_strdup(world->arena, record_json);

        for (char *c = text; *c != '\0'; c++) {
            *c = *c == '\'' ? '"' : *c;
        }
        resolve.record = sv_json_parse_object(text, strlen(text), world->arena, &error);
        assert_non_null(resolve.record);
    }
    status = sv_conflict_resolve(world->store, &who, &resolve, resolved != NULL ? resolved : &unused, &error);
    if (status == SV_ERR_INTERNAL || status == SV_ERR_UNAVAILABLE) {
        fail_msg("%s: %s", sv_status_code(status), error.cause != NULL ? error.cause : "");
    }
    return status;
}

const char *
world_figure(sync_world_t *world, const char *client_record_id)
{
    const bson_t *record = sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                                        sv_arena_printf(world->arena, "{'client_record_id': '%s'}", client_record_id));
    char quantity[SV_QUANTITY_TEXT_SIZE];
    const char *standing;

    if (record == NULL) {
        return "none";
    }
    sv_quantity_to_text(sv_doc_quantity(record, "verified_qty"), quantity);
    standing = sv_doc_text(record, "standing", world->arena);
    return sv_arena_printf(world->arena, "%s %s", quantity, strcmp(standing, "counts") == 0 ? "ok" : standing);
}

sv_quantity_t
world_sum(sync_world_t *world, const char *count_id, const char *rack_id, const char *item_code)
{
    bson_t *filter = sv_real_json(
        world->arena,
        sv_arena_printf(world->arena, "{'count_id': '%s', 'rack_id': '%s', 'item_code': '%s', 'counts': true}",
                        count_id, rack_id, item_code));
    mongoc_cursor_t *cursor;
    sv_quantity_t sum = 0;
    const bson_t *record;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_store_find(world->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, &cursor, &error),
                     SV_OK);
    while (mongoc_cursor_next(cursor, &record)) {
        assert_true(sv_quantity_add(sum, sv_doc_quantity(record, "verified_qty"), &sum));
    }
    assert_int_equal(sv_store_cursor_end(world->store, cursor, &error), SV_OK);
    mongoc_cursor_destroy(cursor);
    return sum;
}

const char *
world_serial(sync_world_t *world, const char *serial_number)
{
    const bson_t *serial = sv_real_find(&world->real, SV_COLLECTION_ITEM_SERIALS,
                                        sv_arena_printf(world->arena, "{'serial_number': '%s'}", serial_number));
    const char *holder;

    if (serial == NULL) {
        return "none";
    }
    holder = sv_doc_text(serial, "current.client_record_id", world->arena);
    return holder != NULL ? holder : "free";
}

const char *
world_serial_history(sync_world_t *world, const char *serial_number)
{
    bson_t *filter =
        sv_real_json(world->arena, sv_arena_printf(world->arena, "{'serial_number': '%s'}", serial_number));
    bson_t *options = sv_real_json(world->arena, "{'sort': {'n': 1}}");
    mongoc_cursor_t *cursor;
    sv_buffer_t records;
    const bson_t *place;
    sv_error_t error;

    sv_buffer_init(&records, world->arena, 256);
    sv_buffer_puts(&records, "");
    sv_error_init(&error, world->arena);
    assert_int_equal(sv_store_find(world->store, SV_COLLECTION_SERIAL_HISTORY, filter, options, &cursor, &error),
                     SV_OK);
    while (mongoc_cursor_next(cursor, &place)) {
        sv_buffer_printf(&records, "%s%s", records.length > 0 ? " " : "",
                         sv_doc_text(place, "client_record_id", world->arena));
    }
    assert_int_equal(sv_store_cursor_end(world->store, cursor, &error), SV_OK);
    mongoc_cursor_destroy(cursor);
    return records.data;
}

/* All documents of a collection, sorted, without members that no two runs have in common. */
static void
world_append(sync_world_t *world, sv_buffer_t *out, sv_collection_t collection, const char *filter_json,
             const char *sort, const char *hide)
{
    bson_t *filter = sv_real_json(world->arena, filter_json);
    bson_t *options = sv_real_json(
        world->arena, sv_arena_printf(world->arena, "{'sort': {'%s': 1}, 'projection': {%s}}", sort, hide));
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_store_find(world->store, collection, filter, options, &cursor, &error), SV_OK);
    while (mongoc_cursor_next(cursor, &row)) {
        char *text = bson_as_relaxed_extended_json(row, NULL);

        sv_buffer_printf(out, "%s\n", text);
        bson_free(text);
    }
    assert_int_equal(sv_store_cursor_end(world->store, cursor, &error), SV_OK);
    mongoc_cursor_destroy(cursor);
}

const char *
world_state(sync_world_t *world)
{
    sv_buffer_t out;

    sv_buffer_init(&out, world->arena, 4096);
    sv_buffer_puts(&out, "");
    world_append(world, &out, SV_COLLECTION_VERIFICATION_RECORDS, "{}", "client_record_id",
                 "'_id': 0, 'received_at': 0, 'changed_at': 0, 'counted_at': 0, 'seq': 0");
    world_append(world, &out, SV_COLLECTION_ITEM_SERIALS, "{'current': {'$ne': null}}", "serial_number",
                 "'_id': 0, 'current.at': 0, 'moves': 0");
    world_append(world, &out, SV_COLLECTION_VERIFICATION_SESSIONS, "{}", "session_id",
                 "'_id': 0, 'writes': 0, 'written_at': 0, 'started_at': 0, 'last_heartbeat': 0");
    return out.data;
}
