/* Which conflicts are forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/sync/conflict_expire.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static void
conflict(const char *id, const char *status, const char *count_id, const char *updated_at)
{
    sv_real_insert(&real, SV_COLLECTION_SYNC_CONFLICTS,
                   sv_arena_printf(real.arena,
                                   "{'conflict_id':'%s','client_record_id':'%s','type':'t','revision':1,'status':'%s',"
                                   "'count_id':'%s','updated_at':{'$date':'%s'}}",
                                   id, id, status, count_id, updated_at));
}

static void
only_what_nobody_waits_for_is_forgotten(void **state)
{
    int64_t removed;

    (void) state;
    real.settings.conflict_retention = 365;
    sv_real_insert(&real, SV_COLLECTION_SESSIONS, "{'session_id':'open','warehouse':'W1','status':'RECONCILE'}");
    sv_real_insert(&real, SV_COLLECTION_SESSIONS, "{'session_id':'closed','warehouse':'W1','status':'CLOSED'}");
    conflict("old-resolved", "resolved", "open", "2020-01-01T00:00:00Z");
    conflict("new-resolved", "resolved", "closed", "2999-01-01T00:00:00Z");
    conflict("old-open", "open", "open", "2020-01-01T00:00:00Z");
    conflict("old-open-of-closed", "open", "closed", "2020-01-01T00:00:00Z");
    conflict("new-open-of-closed", "open", "closed", "2999-01-01T00:00:00Z");
    conflict("old-open-of-none", "open", "gone", "2020-01-01T00:00:00Z");
    assert_int_equal(sv_conflicts_expire(real.store, &removed, &real.error), SV_OK);
    assert_int_equal(removed, 2);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SYNC_CONFLICTS,
                                   "{'conflict_id':{'$in':['old-resolved','old-open-of-closed']}}"),
                     0);
    assert_int_equal(sv_conflicts_expire(real.store, &removed, &real.error), SV_OK);
    assert_int_equal(removed, 0);
}

static void
more_than_a_chunk_is_forgotten_at_once(void **state)
{
    enum { CONFLICTS = 1203 };
    int64_t removed;

    (void) state;
    real.settings.conflict_retention = 365;
    for (int i = 0; i < CONFLICTS; i++) {
        conflict(sv_arena_printf(real.arena, "c%d", i), "resolved", "x", "2020-01-01T00:00:00Z");
    }
    assert_int_equal(sv_conflicts_expire(real.store, &removed, &real.error), SV_OK);
    assert_int_equal(removed, CONFLICTS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(only_what_nobody_waits_for_is_forgotten, &real),
        SV_WITH_REAL_MONGODB(more_than_a_chunk_is_forgotten_at_once, &real),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
