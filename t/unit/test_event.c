/* Events in a real Redis: published on every topic, and kept in one order for listeners who were away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/events/event.h"
#include "core/floor/lease.h"
#include "core/jobs/job_tell.h"
#include "t/unit/redis_fixture.h"

static sv_redis_fixture_t real;

static int
open_redis(void **state)
{
    (void) state;
    return sv_redis_fixture_open(&real) ? 0 : -1;
}

static int
close_redis(void **state)
{
    (void) state;
    sv_redis_fixture_close(&real);
    return 0;
}

static const char *
field(const redisReply *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        if (strcmp(fields->element[i]->str, name) == 0) {
            return fields->element[i + 1]->str;
        }
    }
    fail_msg("the event has no field %s", name);
    return NULL;
}

/* The last event with these topics; other tests tell theirs on the same server. */
static const redisReply *
last_event(const char *topics)
{
    sv_redis_command_t command;
    const redisReply *reply;

    sv_redis_command(&command, real.arena, "XREVRANGE");
    sv_redis_arg(&command, SV_EVENTS_KEPT);
    sv_redis_arg(&command, "+");
    sv_redis_arg(&command, "-");
    reply = sv_redis_fixture_run(&real, &command);
    for (size_t i = 0; i < reply->elements; i++) {
        if (strcmp(field(reply->element[i]->element[1], "topics"), topics) == 0) {
            return reply->element[i]->element[1];
        }
    }
    fail_msg("no event on %s is kept", topics);
    return NULL;
}

static void
an_event_is_kept(void **state)
{
    const sv_event_t event = {
        .topics = sv_arena_printf(real.arena, SV_TOPIC_SESSION "%s\n" SV_TOPIC_ACTIVITY,
                                  sv_redis_fixture_id(&real, "session")),
        .warehouse = "WH1",
        .message = sv_event_message(real.arena, "count.opened", "c1", "WH1", "OPEN"),
    };
    sv_redis_command_t command;
    const redisReply *kept;

    (void) state;
    sv_event_command(&command, real.arena, &event);
    assert_int_equal(sv_redis_fixture_run(&real, &command)->integer, 1);
    kept = last_event(event.topics);
    assert_string_equal(field(kept, "warehouse"), "WH1");
    assert_string_equal(field(kept, "user"), "");
    assert_string_equal(field(kept, "message"), event.message);
    assert_non_null(strstr(event.message, "{\"type\":\"count.opened\",\"id\":\"c1\",\"at\":\""));
}

/* Next on a connection that listens. */
static void
hear(redisContext *ear, const char *channel, const char *message)
{
    void *reply = NULL;

    assert_int_equal(redisGetReply(ear, &reply), REDIS_OK);
    assert_string_equal(sv_redis_element_text(reply, 1), channel);
    assert_string_equal(sv_redis_element_text(reply, 2), message);
    freeReplyObject(reply);
}

static void
every_topic_hears_it(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "rack"), *session = sv_redis_fixture_id(&real, "session");
    const sv_event_t event = {
        .topics = sv_arena_printf(real.arena, SV_TOPIC_RACK "%s\n" SV_TOPIC_SESSION "%s", rack, session),
        .message = "{}",
    };
    redisContext *ear = redisConnectWithTimeout(real.settings.redis_host, (int) real.settings.redis_port,
                                                (struct timeval){ .tv_sec = 60 });
    sv_redis_command_t command;
    void *reply;

    (void) state;
    assert_non_null(ear);
    redisSetTimeout(ear, (struct timeval){ .tv_sec = 60 });
    redisAppendCommand(ear, "SUBSCRIBE " SV_TOPIC_RACK "%s " SV_TOPIC_SESSION "%s", rack, session);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(redisGetReply(ear, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
    sv_event_command(&command, real.arena, &event);
    sv_redis_fixture_run(&real, &command);
    hear(ear, sv_arena_printf(real.arena, SV_TOPIC_RACK "%s", rack), "{}");
    hear(ear, sv_arena_printf(real.arena, SV_TOPIC_SESSION "%s", session), "{}");
    redisFree(ear);
}

static void
a_job_tells_who_asked_for_it(void **state)
{
    const sv_job_news_t news = {
        .job_id = sv_redis_fixture_id(&real, "job"),
        .type = "test.event",
        .status = "running",
        .requested_by = sv_redis_fixture_id(&real, "asha"),
    };
    sv_redis_command_t command;
    const redisReply *kept;

    (void) state;
    sv_job_tell_command(&command, real.arena, &news);
    assert_int_equal(sv_redis_fixture_run(&real, &command)->integer, 1);
    kept = last_event(sv_arena_printf(real.arena, SV_TOPIC_JOB "%s", news.job_id));
    assert_string_equal(field(kept, "user"), news.requested_by);
    assert_non_null(strstr(field(kept, "message"), "\"status\":\"running\""));
}

static void
a_claim_tells_whose_and_where(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "rack");
    const sv_floor_session_t session = {
        .session_id = sv_redis_fixture_id(&real, "session"),
        .user_id = sv_redis_fixture_id(&real, "asha"),
        .rack_id = rack,
        .warehouse = "WH1",
        .status = SV_SESSION_ACTIVE,
        .fence = 1,
        .writes = 1,
    };
    sv_redis_command_t command;
    const redisReply *kept;

    (void) state;
    sv_lease_settle_command(&command, real.arena, &real.settings, &session, NULL, false);
    assert_int_equal(sv_redis_fixture_run(&real, &command)->integer, 1);
    kept = last_event(
        sv_arena_printf(real.arena, SV_TOPIC_RACK "%s\n" SV_TOPIC_SESSION "%s\n" SV_TOPIC_FLOOR "\n" SV_TOPIC_ACTIVITY,
                        rack, session.session_id));
    assert_string_equal(field(kept, "warehouse"), "WH1");
    assert_string_equal(field(kept, "user"), session.user_id);
    assert_non_null(strstr(field(kept, "message"), "\"type\":\"rack.claimed\""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_kept),
        cmocka_unit_test(every_topic_hears_it),
        cmocka_unit_test(a_job_tells_who_asked_for_it),
        cmocka_unit_test(a_claim_tells_whose_and_where),
    };

    return cmocka_run_group_tests(tests, open_redis, close_redis);
}
