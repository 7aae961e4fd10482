#include "core/events/event_reader.h"

#include <string.h>

typedef enum { SV_HEARD_IN_WAREHOUSE, SV_HEARD_BY_OWNER, SV_HEARD_BY_SUPERVISORS } sv_hearing_t;

typedef struct {
    const char *name;
    bool has_id; /* the name is a prefix */
    sv_hearing_t hearing;
} sv_topic_t;

static const sv_topic_t sv_topics[] = {
    { SV_TOPIC_RACK, true, SV_HEARD_IN_WAREHOUSE },   { SV_TOPIC_SESSION, true, SV_HEARD_BY_OWNER },
    { SV_TOPIC_JOB, true, SV_HEARD_BY_OWNER },        { SV_TOPIC_NOTIFICATIONS, false, SV_HEARD_IN_WAREHOUSE },
    { SV_TOPIC_FLOOR, false, SV_HEARD_IN_WAREHOUSE }, { SV_TOPIC_ACTIVITY, false, SV_HEARD_BY_SUPERVISORS },
};

static const sv_topic_t *
sv_topic_find(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(sv_topics) / sizeof(sv_topics[0]); i++) {
        size_t name = strlen(sv_topics[i].name);

        if (sv_topics[i].has_id ? length > name : length == name) {
            if (memcmp(text, sv_topics[i].name, name) == 0) {
                return &sv_topics[i];
            }
        }
    }
    return NULL;
}

static sv_status_t
sv_wish_refuse(sv_error_t *error, sv_status_t wrong, const char *sentence)
{
    sv_fail(error, wrong, NULL);
    return sv_fail_field(error, "topics", "invalid", "%s", sentence);
}

sv_status_t
sv_event_wish_read(const char *text, sv_role_t role, sv_status_t wrong, sv_arena_t *arena, sv_event_wish_t *wish,
                   sv_error_t *error)
{
    wish->count = 0;
    for (const char *at = text, *end;; at = end + 1) {
        const sv_topic_t *topic;

        end = at + strcspn(at, ",");
        topic = sv_topic_find(at, (size_t) (end - at));
        if (topic == NULL || end - at > SV_READER_TOPIC_LENGTH_MAX) {
            return sv_wish_refuse(error, wrong, "There is no such topic");
        }
        if (topic->hearing == SV_HEARD_BY_SUPERVISORS && role < SV_ROLE_SUPERVISOR) {
            return sv_fail(error, SV_ERR_FORBIDDEN, NULL);
        }
        if (wish->count == SV_READER_TOPICS_MAX) {
            return sv_wish_refuse(error, wrong, "These are too many topics");
        }
        wish->topics[wish->count++] = sv_arena_strndup(arena, at, (size_t) (end - at));
        if (*end == '\0') {
            return SV_OK;
        }
    }
}

static bool
sv_topic_is_asked_for(const char *topic, size_t length, const sv_event_wish_t *wish)
{
    for (size_t i = 0; i < wish->count; i++) {
        size_t asked = strlen(wish->topics[i]);

        if (wish->topics[i][asked - 1] == '*') {
            if (length >= asked - 1 && memcmp(topic, wish->topics[i], asked - 1) == 0) {
                return true;
            }
        } else if (length == asked && memcmp(topic, wish->topics[i], length) == 0) {
            return true;
        }
    }
    return false;
}

static bool
sv_is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && a[0] != '\0' && strcmp(a, b) == 0;
}

static bool
sv_topic_may_be_heard(const sv_topic_t *topic, const sv_event_t *event, const sv_principal_t *reader)
{
    if (topic == NULL || reader->role >= SV_ROLE_SUPERVISOR) {
        return topic != NULL;
    }
    switch (topic->hearing) {
    case SV_HEARD_IN_WAREHOUSE:
        return event->warehouse == NULL || event->warehouse[0] == '\0' ||
               sv_is_same(event->warehouse, reader->warehouse);
    case SV_HEARD_BY_OWNER:
        return sv_is_same(event->user_id, reader->user_id);
    case SV_HEARD_BY_SUPERVISORS:
        return false;
    }
    return false;
}

bool
sv_event_is_heard(const sv_event_t *event, const sv_event_wish_t *wish, const sv_principal_t *reader)
{
    for (const char *at = event->topics, *end; *at != '\0'; at = *end == '\0' ? end : end + 1) {
        end = at + strcspn(at, "\n");
        if (sv_topic_is_asked_for(at, (size_t) (end - at), wish) &&
            sv_topic_may_be_heard(sv_topic_find(at, (size_t) (end - at)), event, reader)) {
            return true;
        }
    }
    return false;
}
