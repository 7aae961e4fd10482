#ifndef SV_SYNC_RECORD_SAME_H
#define SV_SYNC_RECORD_SAME_H

#include <bson/bson.h>

#include "core/sync/record.h"

/* Whether the record says what one says that was stored or kept with this hash: by the hash, or by the members of
 * `stored` (NULL: not known) when the hash is of an earlier version. */
bool
sv_record_has_content(const sv_record_t *record, const char *content_hash, const bson_t *stored, sv_arena_t *arena);

#endif
