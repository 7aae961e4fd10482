#ifndef SV_SYNC_BLIND_H
#define SV_SYNC_BLIND_H

#include <bson/bson.h>

#include "core/auth/principal.h"
#include "core/base/text_map.h"
#include "core/store/store.h"
#include "core/sync/query.h"

/*
 * A blind count is one where nobody on the floor learns what another counted, as long as it is OPEN or RECONCILE.  What
 * of a figure, or of the place of a serial number, may be told then.
 */

/* Whether what a conflict shows is to be outlined for this reader: another's, and the reader no supervisor. */
bool sv_blind_hides(const sv_principal_t *who, const bson_t *shown);

/* Of a figure that it is there, without quantities; of a serial number not even where.  In the arena. */
const bson_t *sv_blind_outline(const bson_t *shown, sv_arena_t *arena);

/* Which of these counts are not over and of them the reader sees nothing that others did: the count is blind, or another is
 * in its warehouse or the reader's own.  Their ids are the keys of `hidden`, whose values are not NULL. */
sv_status_t sv_blind_counts(sv_store_t *store, const sv_principal_t *who, const sv_query_texts_t *count_ids,
                            sv_text_map_t *hidden, sv_error_t *error);

/* What a counter who counts blind is told of a serial number that another counted. */
#define SV_MESSAGE_SERIAL_ELSEWHERE "The serial number was counted elsewhere"

#endif
