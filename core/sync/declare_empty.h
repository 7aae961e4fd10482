#ifndef SV_SYNC_DECLARE_EMPTY_H
#define SV_SYNC_DECLARE_EMPTY_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/sync/fence.h"

enum { SV_EMPTY_MAX_ITEMS = 5000 };

/* A person says that nothing is there of what is expected on a rack and was not counted in its round. */
typedef struct {
    const char *rack_id;
    const char *session_id;
    const char **item_codes; /* only of these */
    size_t item_count;
    bool all; /* of all that is expected; item_codes says nothing */
} sv_emptying_t;

typedef struct {
    sv_fenced_t session;
    const char **declared; /* zeros stand for them now, from this call or an earlier one */
    size_t declared_count;
    const char **counted; /* the round has a figure of them: left as they are */
    size_t counted_count;
    const char **unexpected; /* asked for, and not expected on the rack */
    size_t unexpected_count;
} sv_emptied_t;

/*
 * Stores a zero figure for each of those items, behind the fence and in one transaction with its audit entry; they
 * yield to any real figure of the round.  Again it finds nothing left to declare and tells the same.  Errors:
 * SV_ERR_NOT_FOUND, SV_ERR_WRONG_KIND, SV_ERR_FORBIDDEN (another user's session), SV_ERR_VALIDATION_FAILED (a session
 * of another rack, or more items at once than SV_EMPTY_MAX_ITEMS), SV_ERR_LOCK_LOST, SV_ERR_SESSION_CLOSED,
 * SV_ERR_BUSY, SV_ERR_UNAVAILABLE.
 */
sv_status_t sv_declare_empty(sv_store_t *store, const sv_principal_t *who, const sv_emptying_t *emptying,
                             sv_emptied_t *emptied, sv_error_t *error);

/* The answer's `data` (API.md, POST /api/racks/{rack_id}/empty). */
void sv_emptied_write_json(sv_json_writer_t *w, const sv_emptied_t *emptied);

#endif
