#ifndef SV_VERIFY_H
#define SV_VERIFY_H

#include <jansson.h>

#include "core/auth/principal.h"
#include "core/items/item_view.h"
#include "core/sync/batch.h"

/*
 * Verifying one item by hand: a figure of the item for one floor session, stored as a batch of one record and judged by
 * its rules alone.  It sets what the session says of the item: figures of the same session make room for it; one of
 * another session of the round is asked about, as in a batch (`replaces`).
 *
 * The record's id is the caller's, or made of session, item and lot, so that the next verification is an edit of it.
 */
typedef struct {
    const char *item_code; /* of the path */
    const json_t *body;
} sv_verify_request_t;

typedef struct {
    sv_sync_result_t result;
    const sv_fenced_t *session;  /* as the fence left it */
    const bson_t *server_record; /* refused: what stands in the way, as far as the caller may see it; or NULL */
    /* done: */
    const char *client_record_id;
    const bson_t *item; /* of erp_items, with the overlay as this count makes it now */
    sv_item_stocks_t stocks;
    bool blind; /* no book quantity, no variance, nothing of what others counted */
} sv_verified_t;

/*
 * Errors: SV_ERR_ITEM_UNKNOWN; SV_ERR_SESSION_REQUIRED; SV_ERR_VALIDATION_FAILED and SV_ERR_VARIANCE_UNCONFIRMED with
 * the fields; SV_ERR_LOCK_LOST (with the holder), SV_ERR_SESSION_CLOSED, SV_ERR_DUPLICATE_COUNT,
 * SV_ERR_DUPLICATE_SERIAL, SV_ERR_STALE_UPDATE, SV_ERR_FOREIGN_RECORD: nothing was stored or kept, the caller has the
 * figure still. On a thread that owns `store`; results live in error->arena.
 */
sv_status_t sv_verify(sv_store_t *store, const sv_principal_t *who, const sv_verify_request_t *request,
                      sv_verified_t *verified, sv_error_t *error);

/* The item as it stands now, and where it was verified. */
void sv_verified_write_json(sv_json_writer_t *w, const sv_verified_t *verified, sv_arena_t *arena);

#endif
