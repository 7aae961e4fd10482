#ifndef SV_EVENT_PLACE_H
#define SV_EVENT_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where a reader is in the order of all events: the Redis that keeps them (the first digits of its run_id: a restarted
 * or another one may lack what the last one told) and the entry of events:recent.  As text "3f1c0a9e.1760000000000-0",
 * which readers send back as Last-Event-ID.
 */
enum { SV_EVENT_EPOCH_LENGTH = 8, SV_EVENT_ID_SIZE = 42, SV_EVENT_PLACE_SIZE = 52 };

/* An entry's id: Redis' milliseconds, and a number within them. */
typedef struct {
    uint64_t ms;
    uint64_t number;
} sv_event_id_t;

typedef struct {
    char epoch[SV_EVENT_EPOCH_LENGTH + 1];
    sv_event_id_t id;
} sv_event_place_t;

/* "1760000000000-0". */
bool sv_event_id_read(const char *text, sv_event_id_t *id);
void sv_event_id_write(const sv_event_id_t *id, char text[SV_EVENT_ID_SIZE]);
int sv_event_id_compare(const sv_event_id_t *a, const sv_event_id_t *b);

/* `text` is anything that a client sent, not terminated. */
bool sv_event_place_read(const char *text, size_t length, sv_event_place_t *place);
void sv_event_place_write(const sv_event_place_t *place, char text[SV_EVENT_PLACE_SIZE]);

#endif
