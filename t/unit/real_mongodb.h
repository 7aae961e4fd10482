#ifndef SV_REAL_MONGODB_H
#define SV_REAL_MONGODB_H

#include "core/store/store.h"

/* A database of a test's own on the server named by SV_TEST_MONGODB, with collections and indexes. */
typedef struct {
    sv_arena_t *arena;
    sv_settings_t settings;
    sv_store_pool_t *pool;
    sv_store_t *store;
    sv_error_t error;
} sv_real_mongodb_t;

/* Whether SV_TEST_MONGODB names a server; says so when not. */
bool sv_real_mongodb_named(void);

/* False, having said so, when SV_TEST_MONGODB is not set.  A server that is named and does not answer ends the test. */
bool sv_real_mongodb_open(sv_real_mongodb_t *real);
void sv_real_mongodb_close(sv_real_mongodb_t *real); /* drops the database */

/* A cmocka test with such a database, opened before it and closed after; `real` is an sv_real_mongodb_t *. */
#define SV_WITH_REAL_MONGODB(test, real)                                                                               \
    cmocka_unit_test_prestate_setup_teardown(test, sv_real_mongodb_setup, sv_real_mongodb_teardown, real)
int sv_real_mongodb_setup(void **state);
int sv_real_mongodb_teardown(void **state);

/* Documents as extended JSON with ' for ". */
void sv_real_insert(sv_real_mongodb_t *real, sv_collection_t collection, const char *json);
/* The only document that matches, NULL for none; in the arena. */
const bson_t *sv_real_find(sv_real_mongodb_t *real, sv_collection_t collection, const char *filter_json);
int64_t sv_real_count(sv_real_mongodb_t *real, sv_collection_t collection, const char *filter_json);
void
sv_real_update(sv_real_mongodb_t *real, sv_collection_t collection, const char *filter_json, const char *update_json);
bson_t *sv_real_json(sv_arena_t *arena, const char *json);

#endif
