#ifndef SV_SYNC_RECORD_READ_H
#define SV_SYNC_RECORD_READ_H

#include <jansson.h>

#include "core/base/buffer.h"
#include "core/sync/record.h"

enum { SV_RECORD_MAX_MEMBERS = 64 }; /* a member's place up to which the reader guesses its name */

/* Reads the records of one batch one after another; remembers where members stood. */
typedef struct {
    sv_arena_t *arena;
    sv_buffer_t content; /* the canonical bytes of the record being hashed */
    uint8_t guesses[SV_RECORD_MAX_MEMBERS];
} sv_record_reader_t;

void sv_record_reader_init(sv_record_reader_t *reader, sv_arena_t *arena);

/* Reads record `index` with every rule of shape.  A fault is set in the record, never
 * returned: one bad record spoils no other. */
void sv_record_read(sv_record_reader_t *reader, const json_t *value, size_t index, sv_record_t *record);

#endif
