#include "t/unit/floor_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/clock.h"

void
sv_fixture_rack(sv_real_mongodb_t *real, const char *rack_id, const char *warehouse, const char *floor)
{
    sv_real_insert(real, SV_COLLECTION_RACK_REGISTRY,
                   sv_arena_printf(real->arena,
                                   "{'rack_id':'%s','warehouse':'%s','floor':'%s','zone':null,'status':'available',"
                                   "'session_id':null,'user_id':null,'count_id':null,'fence':{'$numberLong':'0'},"
                                   "'held_at':null,'hold_ms':{'$numberLong':'0'},'estimated_items':5,"
                                   "'last_verified_at':null,'deleted':false}",
                                   rack_id, warehouse, floor));
}

sv_principal_t
sv_fixture_user(const char *user_id, sv_role_t role)
{
    return (sv_principal_t){
        .user_id = user_id,
        .username = user_id,
        .full_name = "Somebody {",
        .warehouse = "W1",
        .role = role,
        .request_id = "test",
    };
}

sv_status_t
sv_fixture_claim(sv_real_mongodb_t *real, const sv_principal_t *who, const char *rack_id, sv_claim_result_t *result)
{
    sv_claim_t claim = { .who = who, .rack_id = rack_id };

    sv_error_clear(&real->error);
    return sv_rack_claim(real->store, &claim, real->arena, result, &real->error);
}

sv_status_t
sv_fixture_change(sv_real_mongodb_t *real, const sv_principal_t *who, sv_rack_action_t action, const char *rack_id,
                  const char *session_id, sv_rack_change_result_t *result)
{
    sv_rack_change_t change = { .action = action, .who = who, .rack_id = rack_id, .session_id = session_id };

    sv_error_clear(&real->error);
    return sv_rack_change(real->store, &change, real->arena, result, &real->error);
}

void
sv_fixture_lapse(sv_real_mongodb_t *real, const char *rack_id)
{
    sv_real_update(real, SV_COLLECTION_RACK_REGISTRY, sv_arena_printf(real->arena, "{'rack_id':'%s'}", rack_id),
                   "{'$set':{'held_at':{'$date':'2020-01-01T00:00:00Z'}}}");
}

void
sv_fixture_held_rack(sv_real_mongodb_t *real, const char *session_id, const char *rack_status, int64_t held_ms_ago,
                     int64_t hold_ms)
{
    const char *held = sv_arena_printf(real->arena, "{'$date': {'$numberLong': '%lld'}}",
                                       (long long) (sv_clock_now_ms() - held_ms_ago));

    sv_real_insert(real, SV_COLLECTION_RACK_REGISTRY,
                   sv_arena_printf(real->arena,
                                   "{'rack_id': 'R-%s', 'session_id': '%s', 'status': '%s', 'fence': 3, 'hold_ms': "
                                   "{'$numberLong': '%lld'}, 'held_at': %s}",
                                   session_id, session_id, rack_status, (long long) hold_ms, held));
    sv_real_insert(real, SV_COLLECTION_VERIFICATION_SESSIONS,
                   sv_arena_printf(real->arena,
                                   "{'session_id': '%s', 'user_id': 'u', 'rack_id': 'R-%s', 'warehouse': 'W', "
                                   "'count_id': 'c', 'status': '%s', 'superseded': false, 'writes': 4, "
                                   "'last_heartbeat': %s}",
                                   session_id, session_id, strcmp(rack_status, "paused") == 0 ? "paused" : "active",
                                   held));
}

sv_rack_t
sv_fixture_read_rack(sv_real_mongodb_t *real, const char *rack_id)
{
    sv_rack_t rack;

    sv_error_clear(&real->error);
    assert_int_equal(sv_rack_find(real->store, rack_id, real->arena, &rack, &real->error), SV_OK);
    return rack;
}

sv_floor_session_t
sv_fixture_read_session(sv_real_mongodb_t *real, const char *session_id)
{
    sv_floor_session_t session;

    sv_error_clear(&real->error);
    assert_int_equal(sv_floor_session_find(real->store, session_id, real->arena, &session, &real->error), SV_OK);
    return session;
}

bool
sv_floor_servers_named(void)
{
    return sv_real_mongodb_named() && sv_real_redis_named();
}

int
sv_floor_servers_open(void **state)
{
    sv_floor_servers_t *servers = *state;

    if (!sv_real_mongodb_open(&servers->real)) {
        return -1;
    }
    servers->redis = sv_real_redis_open(&servers->real.settings, servers->real.arena);
    return 0;
}

int
sv_floor_servers_close(void **state)
{
    sv_floor_servers_t *servers = *state;

    sv_redis_client_destroy(servers->redis);
    sv_real_mongodb_close(&servers->real);
    return 0;
}
