/* Places of readers among the events, and tickets, as texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/events/place.h"
#include "core/events/ticket.h"

static sv_arena_t *arena;

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    return 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static bool
is_place(const char *text)
{
    sv_event_place_t place;

    return sv_event_place_read(text, strlen(text), &place);
}

static void
places_are_read_and_written(void **state)
{
    static const char *const good[] = { "3f1c0a9e.1760000000123-0", "00000000.0-0",
                                        "abcdef01.18446744073709551615-18446744073709551615" };
    static const char *const wrong[] = {
        "",
        "3f1c0a9e",
        "3f1c0a9e.",
        "3f1c0a9e.1",
        "3f1c0a9e.1-",
        "3f1c0a9e.-1",
        "3f1c0a9e.1-2-3",
        "3f1c0a9e.1-2 ",
        "3f1c0a9e. 1-2",
        "3f1c0a9e.+1-2",
        "3f1c0a9e.01-2",
        "3f1c0a9e1-2",
        "3f1c.1-2",
        "3f1c0a9e.18446744073709551616-0",
        "3f1c0a9e.1-99999999999999999999999999999999999999",
    };
    char text[SV_EVENT_PLACE_SIZE];
    sv_event_place_t place;

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(sv_event_place_read(good[i], strlen(good[i]), &place));
        sv_event_place_write(&place, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (is_place(wrong[i])) {
            fail_msg("\"%s\" is a place", wrong[i]);
        }
    }
    assert_true(sv_event_place_read("3f1c0a9e.1-2behind", 12, &place));
    assert_false(sv_event_place_read("3f1c0a9e.1\0-2", 13, &place));
}

static void
ids_have_an_order(void **state)
{
    const sv_event_id_t first = { 5, 9 }, second = { 10, 0 }, third = { 10, 2 };

    (void) state;
    assert_true(sv_event_id_compare(&first, &second) < 0);
    assert_true(sv_event_id_compare(&third, &second) > 0);
    assert_int_equal(sv_event_id_compare(&third, &third), 0);
}

static void
a_ticket_comes_back_as_it_was_kept(void **state)
{
    const sv_event_ticket_t kept = {
        .claims = { .user_id = "asha", .generation = 3, .family_id = "f1", .expires_at_s = 1760000000 },
        .topics = "rack:updates:R 1,floor",
    };
    char text[SV_EVENT_TICKET_SIZE], other[SV_EVENT_TICKET_SIZE];
    sv_redis_command_t command, take;
    sv_event_ticket_t ticket;
    redisReply reply = { .type = REDIS_REPLY_STRING };

    (void) state;
    sv_event_ticket_make(text);
    sv_event_ticket_make(other);
    assert_int_equal(strlen(text), SV_EVENT_TICKET_SIZE - 1);
    assert_string_not_equal(text, other);
    sv_event_ticket_keep_command(&command, arena, text, &kept, 30);
    assert_null(strstr(command.argv[1], text));
    sv_event_ticket_take_command(&take, arena, text);
    assert_string_equal(take.argv[0], "GETDEL");
    assert_string_equal(take.argv[1], command.argv[1]);
    reply.str = (char *) command.argv[2];
    reply.len = command.argv_length[2];
    assert_true(sv_event_ticket_read(&reply, arena, &ticket));
    assert_string_equal(ticket.claims.user_id, "asha");
    assert_string_equal(ticket.claims.family_id, "f1");
    assert_int_equal(ticket.claims.generation, 3);
    assert_int_equal(ticket.claims.expires_at_s, 1760000000);
    assert_string_equal(ticket.topics, kept.topics);
}

static void
what_is_no_ticket_is_none(void **state)
{
    static const char *const texts[] = { "", "{", "{}", "{\"user\":\"asha\"}", "[]", "null" };
    sv_event_ticket_t ticket;
    redisReply nil = { .type = REDIS_REPLY_NIL };

    (void) state;
    assert_false(sv_event_ticket_read(NULL, arena, &ticket));
    assert_false(sv_event_ticket_read(&nil, arena, &ticket));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        redisReply reply = { .type = REDIS_REPLY_STRING, .str = (char *) texts[i], .len = strlen(texts[i]) };

        assert_false(sv_event_ticket_read(&reply, arena, &ticket));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read_and_written),
        cmocka_unit_test(ids_have_an_order),
        cmocka_unit_test(a_ticket_comes_back_as_it_was_kept),
        cmocka_unit_test(what_is_no_ticket_is_none),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
