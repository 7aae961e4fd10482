#ifndef SV_FLOOR_FIXTURE_H
#define SV_FLOOR_FIXTURE_H

#include "core/floor/rack_change.h"
#include "core/floor/rack_claim.h"
#include "t/unit/real_mongodb.h"
#include "t/unit/real_redis.h"

/* Racks and people for tests of the floor. */
void sv_fixture_rack(sv_real_mongodb_t *real, const char *rack_id, const char *warehouse, const char *floor);
sv_principal_t sv_fixture_user(const char *user_id, sv_role_t role);

/* The error is cleared first, so that a test may go on after a refusal. */
sv_status_t
sv_fixture_claim(sv_real_mongodb_t *real, const sv_principal_t *who, const char *rack_id, sv_claim_result_t *result);
sv_status_t sv_fixture_change(sv_real_mongodb_t *real, const sv_principal_t *who, sv_rack_action_t action,
                              const char *rack_id, const char *session_id, sv_rack_change_result_t *result);
/* As if the holder had been silent for longer than its hold. */
void sv_fixture_lapse(sv_real_mongodb_t *real, const char *rack_id);

/* A rack R-{session} that carries this floor session and was held `held_ms_ago`, for `hold_ms` from then on. */
void sv_fixture_held_rack(sv_real_mongodb_t *real, const char *session_id, const char *rack_status, int64_t held_ms_ago,
                          int64_t hold_ms);

sv_rack_t sv_fixture_read_rack(sv_real_mongodb_t *real, const char *rack_id);
sv_floor_session_t sv_fixture_read_session(sv_real_mongodb_t *real, const char *session_id);

/* Both servers, as the worker's rounds over the floor need them. */
typedef struct {
    sv_real_mongodb_t real;
    sv_redis_client_t *redis;
} sv_floor_servers_t;

/* A cmocka test with such servers, opened before it and closed after; `servers` is an sv_floor_servers_t *. */
#define SV_WITH_FLOOR_SERVERS(test, servers)                                                                           \
    cmocka_unit_test_prestate_setup_teardown(test, sv_floor_servers_open, sv_floor_servers_close, servers)
bool sv_floor_servers_named(void); /* says which is not */
int sv_floor_servers_open(void **state);
int sv_floor_servers_close(void **state);

#endif
