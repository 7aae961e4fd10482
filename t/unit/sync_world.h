#ifndef SV_UNIT_SYNC_WORLD_H
#define SV_UNIT_SYNC_WORLD_H

#include "core/sync/batch.h"
#include "core/sync/conflict.h"
#include "t/unit/real_mongodb.h"

/*
 * A small warehouse in a database of its own for the sync tests: users ann and bob, supervisor sue, items ITM-1..ITM-9
 * and SER-1..SER-9 (tracked by serial numbers), count C1 (OPEN).  Every sync has an arena of its own that lasts until
 * the world ends.
 */
typedef struct {
    sv_real_mongodb_t real;
    sv_store_t *store;
    sv_arena_t *arena;
} sync_world_t;

bool world_open(sync_world_t *world); /* false: SV_TEST_MONGODB is not set */
void world_close(sync_world_t *world);

/* A cmocka test with such a world, nobody on a rack, or ann on rack R1 with floor session s1; the state is a
 * sync_world_t *. */
#define WITH_WORLD(test)     cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
#define WITH_ANN_ON_R1(test) cmocka_unit_test_setup_teardown(test, world_setup_ann, world_teardown)
int world_setup(void **state);
int world_setup_ann(void **state);
int world_teardown(void **state);

sv_principal_t world_user(const char *user_id);

/* Puts a user on a rack as a claim does: raises the fence, displaces whoever is there, and goes on with the count's
 * round, or opens the next. */
void world_claim(sync_world_t *world, const char *session_id, const char *user_id, const char *rack_id,
                 const char *count_id);
void world_recount(sync_world_t *world, const char *session_id, const char *user_id, const char *rack_id,
                   const char *count_id);
void world_count(sync_world_t *world, const char *count_id, const char *status);

/* One record as JSON; `more` is further members with ' for " ("'damage_qty':1"), or "". */
const char *world_record(sync_world_t *world, const char *client_record_id, const char *session_id,
                         const char *item_code, double verified_qty, const char *more);

/* Syncs records (NULL-terminated); the verdicts as words in the order sent: "ok lock_lost error:negative". */
const char *world_sync(sync_world_t *world, const char *user_id, ...) __attribute__((sentinel));
/* The same with the result. */
sv_sync_result_t
world_sync_list(sync_world_t *world, sv_store_t *store, const char *user_id, const char *const *records, size_t count);
const char *world_words(sync_world_t *world, const sv_sync_result_t *result);

/* Syncs one record that must meet a conflict of this type; its conflict_id. */
const char *world_meet(sync_world_t *world, const char *user_id, const char *record, const char *type);
/* SV_OK, or why not; *resolved when given. */
sv_status_t world_resolve(sync_world_t *world, const char *user_id, const char *conflict_id, sv_resolve_action_t action,
                          const char *record_json, sv_resolved_t *resolved);

/* What is stored of a record, in words: "12.5 ok", "3 void", "4 earlier_round", "none". */
const char *world_figure(sync_world_t *world, const char *client_record_id);
/* What counts of an item on a rack in a count. */
sv_quantity_t world_sum(sync_world_t *world, const char *count_id, const char *rack_id, const char *item_code);
/* The record that holds a serial number, "none" or "free". */
const char *world_serial(sync_world_t *world, const char *serial_number);
/* The records that held it before, in order: "r1 r2". */
const char *world_serial_history(sync_world_t *world, const char *serial_number);
/* Every record, every serial number that is somewhere, every floor session, without times, seq, ids of the database and
 * history: for comparing runs. */
const char *world_state(sync_world_t *world);

#endif
