#ifndef SV_BLOCK_CURSOR_H
#define SV_BLOCK_CURSOR_H

#include "core/report/blocks/block_open.h"
#include "core/report/blocks/blocks.h"

/* The stored blocks of one owner, in their order; for those that read blocks (core/report/blocks) alone. */

enum { SV_READ_AHEAD = 8 }; /* blocks a round trip */

/* From block `n` on.  The caller destroys the cursor. */
sv_status_t sv_block_cursor_open(sv_store_t *store, const sv_block_place_t *place, int64_t n, mongoc_cursor_t **cursor,
                                 sv_error_t *error);
/* The next one, valid until the next call; *any false: there is no more. */
sv_status_t
sv_block_cursor_next(sv_store_t *store, mongoc_cursor_t *cursor, sv_block_t *block, bool *any, sv_error_t *error);

#endif
