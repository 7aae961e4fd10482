#ifndef SV_SYNC_RECORD_HASH_H
#define SV_SYNC_RECORD_HASH_H

#include "core/base/buffer.h"
#include "core/sync/record.h"

/* The canonical content hash, from the record's members. */
void sv_record_hash(sv_record_t *record, sv_buffer_t *content, sv_arena_t *arena);

/* Whether a hash is of this version, so that hashes can be compared. */
bool sv_record_hash_is_current(const char *content_hash);
/* Whether it is the record's hash as the first version made it. */
bool sv_record_has_first_hash(const sv_record_t *record, const char *content_hash, sv_arena_t *arena);

#endif
