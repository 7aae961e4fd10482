#include "t/unit/real_mongodb.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/store/indexes.h"

enum { SV_REAL_CLIENTS = 8 };

static void
release_bson(void *document)
{
    bson_destroy(document);
}

bson_t *
sv_real_json(sv_arena_t *arena, const char *json)
{
    char *text = sv_arena_strdup(arena, json);
    bson_error_t reason;
    bson_t *document;

    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    document = bson_new_from_json((const uint8_t *) text, -1, &reason);
    if (document == NULL) {
        fail_msg("%s: %s", text, reason.message);
    }
    sv_arena_on_destroy(arena, release_bson, document);
    return document;
}

bool
sv_real_mongodb_named(void)
{
    const char *uri = getenv("SV_TEST_MONGODB");

    if (uri == NULL || *uri == '\0') {
        print_message("SKIPPED: SV_TEST_MONGODB names no MongoDB server\n");
        return false;
    }
    return true;
}

bool
sv_real_mongodb_open(sv_real_mongodb_t *real)
{
    sv_index_summary_t summary;
    uint8_t bytes[6];
    char suffix[13];

    memset(real, 0, sizeof(*real));
    if (!sv_real_mongodb_named()) {
        return false;
    }
    real->arena = sv_arena_create();
    sv_error_init(&real->error, real->arena);
    sv_settings_defaults(&real->settings);
    sv_random_bytes(bytes, sizeof(bytes));
    sv_hex_encode(bytes, sizeof(bytes), suffix);
    real->settings.mongodb_uri = getenv("SV_TEST_MONGODB");
    real->settings.mongodb_database = sv_arena_printf(real->arena, "sv_unit_%s", suffix);
    real->pool = sv_store_pool_create(&real->settings, SV_REAL_CLIENTS, &real->error);
    real->store = real->pool != NULL ? sv_store_acquire(real->pool) : NULL;
    if (real->store == NULL || sv_indexes_ensure(real->store, NULL, NULL, &summary, &real->error) != SV_OK) {
        fail_msg("MongoDB at SV_TEST_MONGODB: %s", real->error.cause != NULL ? real->error.cause : "no client");
    }
    return true;
}

void
sv_real_mongodb_close(sv_real_mongodb_t *real)
{
    if (real->pool == NULL) {
        return;
    }
    mongoc_database_drop(real->store->database, NULL);
    sv_store_release(real->store);
    sv_store_pool_destroy(real->pool);
    sv_arena_destroy(real->arena);
    real->pool = NULL;
}

void
sv_real_insert(sv_real_mongodb_t *real, sv_collection_t collection, const char *json)
{
    if (sv_store_insert(real->store, collection, sv_real_json(real->arena, json), &real->error) != SV_OK) {
        fail_msg("%s: %s", json, real->error.cause);
    }
}

const bson_t *
sv_real_find(sv_real_mongodb_t *real, sv_collection_t collection, const char *filter_json)
{
    const bson_t *document = NULL;
    bson_t *filter = sv_real_json(real->arena, filter_json);

    if (sv_store_find_one(real->store, collection, filter, NULL, real->arena, &document, &real->error) != SV_OK) {
        fail_msg("%s: %s", filter_json, real->error.cause);
    }
    return document;
}

int64_t
sv_real_count(sv_real_mongodb_t *real, sv_collection_t collection, const char *filter_json)
{
    bson_t *filter = sv_real_json(real->arena, filter_json);
    bson_error_t reason;
    int64_t count =
        mongoc_collection_count_documents(real->store->collections[collection], filter, NULL, NULL, NULL, &reason);

    if (count < 0) {
        fail_msg("%s: %s", filter_json, reason.message);
    }
    return count;
}

void
sv_real_update(sv_real_mongodb_t *real, sv_collection_t collection, const char *filter_json, const char *update_json)
{
    int64_t matched = 0;

    if (sv_store_update_one(real->store, collection, sv_real_json(real->arena, filter_json),
                            sv_real_json(real->arena, update_json), &matched, &real->error) != SV_OK) {
        fail_msg("%s: %s", update_json, real->error.cause);
    }
    assert_int_equal(matched, 1);
}

int
sv_real_mongodb_setup(void **state)
{
    return sv_real_mongodb_open(*state) ? 0 : -1;
}

int
sv_real_mongodb_teardown(void **state)
{
    sv_real_mongodb_close(*state);
    return 0;
}
