#ifndef SV_REVIEW_ACCEPT_H
#define SV_REVIEW_ACCEPT_H

#include "core/auth/principal.h"
#include "core/counts/count.h"

/*
 * Accepting lines of a count as they were seen: each by its version.  Lines with something not derived yet are derived
 * first, in the same transaction, so nothing that was stored before is accepted unseen.  The same again changes nothing
 * and is accepted.
 */
enum { SV_ACCEPT_LINES = 500 };

typedef struct {
    const char *item_code;
    const char *lot; /* "" : the whole item */
    int64_t version;
    /* SV_OK: it is accepted; else SV_ERR_NOT_FOUND, SV_ERR_LINE_CHANGED, SV_ERR_LINE_UNDECIDED (incomplete, a recount
     * or a conflict waits, or it is unknown), SV_ERR_OWN_COUNT (the user counted or decided a figure of it),
     * SV_ERR_OVER_LIMIT */
    sv_status_t result;
    int64_t version_now; /* -1: there is no such line */
    const char *state;
} sv_accept_line_t;

typedef struct {
    const char *count_id;
    sv_accept_line_t *lines;
    size_t count;
    const char *note;      /* NULL: none */
    const char *warehouse; /* the count's, once it was found */
} sv_accept_t;

/* SV_OK: each line has its result.  SV_ERR_NOT_FOUND, SV_ERR_WRONG_KIND, SV_ERR_SESSION_CLOSED of the count. */
sv_status_t sv_review_accept(sv_store_t *store, const sv_principal_t *who, sv_accept_t *accept, sv_arena_t *arena,
                             sv_error_t *error);

/* The count that a supervisor changes: it is there, no floor session, and (unless `any_state`) takes decisions. */
sv_status_t sv_review_count(sv_store_t *store, const char *count_id, bool any_state, sv_arena_t *arena,
                            sv_count_t *count, sv_error_t *error);

#endif
