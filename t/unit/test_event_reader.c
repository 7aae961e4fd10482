/* Which events a reader hears, by what it asked for and who it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/events/event_reader.h"

static sv_arena_t *arena;

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    return arena == NULL ? -1 : 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static sv_status_t
wish_of(const char *text, sv_role_t role, sv_event_wish_t *wish)
{
    sv_error_t error;

    sv_error_init(&error, arena);
    return sv_event_wish_read(text, role, SV_ERR_PARAMETER_INVALID, arena, wish, &error);
}

static void
topics_are_read(void **state)
{
    static const char *const wrong[] = { "",      ",",        "floor,",   "floors", "rack:updates:", "rack:",
                                         "Floor", "floor:R1", "global:*", "*",      " floor" };
    sv_event_wish_t wish;

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(wish_of(wrong[i], SV_ROLE_ADMIN, &wish), SV_ERR_PARAMETER_INVALID);
    }
    assert_int_equal(wish_of("rack:updates:*,floor,session:updates:s1", SV_ROLE_STAFF, &wish), SV_OK);
    assert_int_equal(wish.count, 3);
    assert_string_equal(wish.topics[2], "session:updates:s1");
    assert_int_equal(
        wish_of("floor,floor,floor,floor,floor,floor,floor,floor,floor,floor,floor,floor,floor,floor,floor,"
                "floor,floor",
                SV_ROLE_STAFF, &wish),
        SV_ERR_PARAMETER_INVALID);
    assert_int_equal(wish_of("activity", SV_ROLE_STAFF, &wish), SV_ERR_FORBIDDEN);
    assert_int_equal(wish_of("jobs:updates:*", SV_ROLE_STAFF, &wish), SV_OK);
    assert_int_equal(wish_of("activity", SV_ROLE_SUPERVISOR, &wish), SV_OK);
}

static const sv_principal_t asha = { .user_id = "asha", .warehouse = "WH1", .role = SV_ROLE_STAFF };
static const sv_principal_t nowhere = { .user_id = "ravi", .warehouse = "", .role = SV_ROLE_STAFF };
static const sv_principal_t meera = { .user_id = "meera", .warehouse = "WH2", .role = SV_ROLE_SUPERVISOR };

static bool
hears(const sv_principal_t *who, const char *asked, const char *topics, const char *warehouse, const char *user)
{
    const sv_event_t event = { topics, warehouse, user, "{}" };
    sv_event_wish_t wish;

    assert_int_equal(wish_of(asked, SV_ROLE_ADMIN, &wish), SV_OK);
    return sv_event_is_heard(&event, &wish, who);
}

static void
what_was_asked_for_is_heard(void **state)
{
    (void) state;
    assert_true(hears(&meera, "rack:updates:*", "rack:updates:R1\nfloor", "WH1", "asha"));
    assert_true(hears(&meera, "floor", "rack:updates:R1\nfloor", "WH1", "asha"));
    assert_true(hears(&meera, "rack:updates:R1", "rack:updates:R1", "WH1", "asha"));
    assert_false(hears(&meera, "rack:updates:R1", "rack:updates:R10", "WH1", "asha"));
    assert_false(hears(&meera, "rack:updates:R10", "rack:updates:R1", "WH1", "asha"));
    assert_false(hears(&meera, "session:updates:*", "rack:updates:R1\nfloor", "WH1", "asha"));
    assert_true(hears(&meera, "jobs:updates:*", "jobs:updates:j1", "", ""));
}

static void
staff_hear_their_own(void **state)
{
    static const char change[] = "rack:updates:R1\nsession:updates:s1\nfloor\nactivity";

    (void) state;
    assert_true(hears(&asha, "rack:updates:*", change, "WH1", "ravi"));
    assert_false(hears(&asha, "rack:updates:*", change, "WH2", "ravi"));
    assert_false(hears(&asha, "rack:updates:R1", change, "WH2", "asha"));
    assert_true(hears(&asha, "session:updates:*", change, "WH2", "asha"));
    assert_false(hears(&asha, "session:updates:s1", change, "WH1", "ravi"));
    assert_false(hears(&asha, "activity", change, "WH1", "asha"));
    assert_true(hears(&asha, "global:notifications", "global:notifications", "", ""));
    assert_true(hears(&asha, "global:notifications", "global:notifications", NULL, NULL));
    assert_false(hears(&asha, "global:notifications", "global:notifications", "WH2", ""));
    assert_false(hears(&nowhere, "floor", change, "WH1", "asha"));
    assert_true(hears(&asha, "jobs:updates:*", "jobs:updates:j1", "", "asha"));
    assert_false(hears(&asha, "jobs:updates:*", "jobs:updates:j1", "", "ravi"));
    assert_false(hears(&asha, "jobs:updates:j1", "jobs:updates:j1", "", ""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_read),
        cmocka_unit_test(what_was_asked_for_is_heard),
        cmocka_unit_test(staff_hear_their_own),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
