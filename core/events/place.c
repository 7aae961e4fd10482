#include "core/events/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Reads a number as Redis writes it: no sign, no blanks, no zero before it.  NULL when there is none. */
static const char *
sv_event_number_read(const char *at, uint64_t *number)
{
    const char *start = at;

    *number = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t) (*at - '0');

        if (*number > (UINT64_MAX - digit) / 10) {
            return NULL;
        }
        *number = *number * 10 + digit;
    }
    return at == start || (*start == '0' && at - start > 1) ? NULL : at;
}

bool
sv_event_id_read(const char *text, sv_event_id_t *id)
{
    const char *at = sv_event_number_read(text, &id->ms);

    if (at == NULL || *at != '-') {
        return false;
    }
    at = sv_event_number_read(at + 1, &id->number);
    return at != NULL && *at == '\0';
}

void
sv_event_id_write(const sv_event_id_t *id, char text[SV_EVENT_ID_SIZE])
{
    snprintf(text, SV_EVENT_ID_SIZE, "%" PRIu64 "-%" PRIu64, id->ms, id->number);
}

int
sv_event_id_compare(const sv_event_id_t *a, const sv_event_id_t *b)
{
    if (a->ms != b->ms) {
        return a->ms < b->ms ? -1 : 1;
    }
    return a->number == b->number ? 0 : a->number < b->number ? -1 : 1;
}

bool
sv_event_place_read(const char *text, size_t length, sv_event_place_t *place)
{
    char copy[SV_EVENT_PLACE_SIZE];

    if (length <= SV_EVENT_EPOCH_LENGTH + 1 || length >= sizeof(copy) || memchr(text, '\0', length) != NULL ||
        text[SV_EVENT_EPOCH_LENGTH] != '.') {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    memcpy(place->epoch, copy, SV_EVENT_EPOCH_LENGTH);
    place->epoch[SV_EVENT_EPOCH_LENGTH] = '\0';
    return sv_event_id_read(copy + SV_EVENT_EPOCH_LENGTH + 1, &place->id);
}

void
sv_event_place_write(const sv_event_place_t *place, char text[SV_EVENT_PLACE_SIZE])
{
    char id[SV_EVENT_ID_SIZE];

    sv_event_id_write(&place->id, id);
    snprintf(text, SV_EVENT_PLACE_SIZE, "%.*s.%s", SV_EVENT_EPOCH_LENGTH, place->epoch, id);
}
