#ifndef SV_UNKNOWN_ITEM_H
#define SV_UNKNOWN_ITEM_H

#include <jansson.h>

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/page.h"

/*
 * What was found on the floor and is in no master: finds that a person reports, with what can be told of the thing, and
 * codes that records came under (core/sync/links.h notes those).  Both wait in unknown_items for a person, or for an
 * import that brings the item (docs/evidence.md).
 */
enum {
    SV_FIND_ID_MAX = 128,
    SV_FIND_CODE_MAX = 128,
    SV_FIND_NAME_MAX = 256,
    SV_FIND_REMARK_MAX = 2000,
    SV_FIND_PHOTOS_MAX = 20
};

/* "open", "linked", "created", "rejected", NULL. */
extern const char *const sv_unknown_statuses[];

typedef struct {
    const char *unknown_item_id;
    const char *code; /* each of these may be NULL, not all */
    const char *name;
    const char *remark;
    const char **photos; /* client_photo_ids */
    size_t photo_count;
    const char *session_id; /* where it was found; NULL: not told, and then */
    const char *rack_id;    /* may be told alone; NULL: nor that */
    const char *warehouse;  /* where neither tells it; NULL: the reporter's */
    int64_t found_at_ms;    /* by the phone's clock; 0: not told */
} sv_find_t;

/* Reads a report.  SV_ERR_VALIDATION_FAILED. */
sv_status_t sv_find_read(const json_t *object, sv_find_t *find, sv_error_t *error);

/* Stores a find; the same again finds it there (`*created` false).  Errors: SV_ERR_ALREADY_EXISTS (another content
 * under the id, or another's find), SV_ERR_VALIDATION_FAILED (session_id, rack_id: not there, or not the user's; as many
 * of the session, or of the user within a day, as there may be). */
sv_status_t sv_find_report(sv_store_t *store, const sv_principal_t *who, const sv_find_t *find, const bson_t **stored,
                           bool *created, sv_error_t *error);

typedef struct {
    const char *status;    /* NULL: any */
    const char *warehouse; /* NULL: any */
    int64_t since_ms;      /* changed then or later; 0: any */
    sv_page_t page;        /* limit and cursor */
} sv_find_query_t;

/* Writes a page, newest first: a staff user's own, all for supervisors. */
sv_status_t sv_finds_list(sv_store_t *store, const sv_principal_t *who, sv_find_query_t *query, sv_json_writer_t *w,
                          sv_error_t *error);

/* The members of one for a client, within an open object. */
void sv_find_write_members(sv_json_writer_t *w, const bson_t *find);

#endif
