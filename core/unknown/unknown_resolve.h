#ifndef SV_UNKNOWN_RESOLVE_H
#define SV_UNKNOWN_RESOLVE_H

#include "core/sync/relink.h"

/*
 * What an unknown item is: a person's decision, or the master's, once it has the code.  The decision is one
 * transaction; from it on records that come under the code are the item's (core/sync/links.h).  Those that are stored
 * become it rack by rack (core/sync/relink.h), the first at once, the others, and late ones of transactions that were
 * under way, by a worker.
 */
typedef enum { SV_UNKNOWN_LINK, SV_UNKNOWN_CREATE, SV_UNKNOWN_REJECT } sv_unknown_action_t;

extern const char *const sv_unknown_actions[]; /* "link", "create", "reject", NULL */

typedef struct {
    const char *unknown_item_id;
    sv_unknown_action_t action;
    const char *item_code; /* link: required; create: NULL is the find's code */
    const char *item_name; /* create: NULL is the find's name */
    const char *note;      /* or NULL */
} sv_unknown_resolve_t;

typedef struct {
    const bson_t *find; /* as it stands now */
    int64_t records;    /* that became the item's at once */
    bool pending;       /* a worker goes on with others */
} sv_unknown_resolved_t;

/*
 * All finds of the same code are decided with it.  The same decision again is the same answer, and goes on with the
 * records; what was rejected may still be linked.  Errors: SV_ERR_NOT_FOUND, SV_ERR_CONFLICT_RESOLVED (another way),
 * SV_ERR_VALIDATION_FAILED (item_code, item_name).
 */
sv_status_t sv_unknown_resolve(sv_store_t *store, const sv_principal_t *who, const sv_unknown_resolve_t *resolve,
                               sv_unknown_resolved_t *resolved, sv_error_t *error);

/* A worker's round: links what the master has by now, and goes on with the records of finds that are linked.  `*done`:
 * finds linked and records that became an item's. */
enum { SV_UNKNOWN_ROUND_MS = 5000 };
sv_status_t sv_unknown_round(sv_store_t *store, int64_t *done, sv_error_t *error);

/* Links a find to the item by nobody's word but the master's: a step of the round. */
sv_status_t sv_unknown_link_by_master(sv_store_t *store, const bson_t *find, const char *item_code, sv_error_t *error);

/* The records of a linked find; `racks` at most. */
sv_status_t sv_unknown_settle(sv_store_t *store, const sv_principal_t *who, const bson_t *find, size_t racks,
                              sv_relinked_t *relinked, sv_error_t *error);

#endif
