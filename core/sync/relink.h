#ifndef SV_SYNC_RELINK_H
#define SV_SYNC_RELINK_H

#include "core/auth/principal.h"
#include "core/store/store.h"

/*
 * Records that were stored under a code no item had, or for a find, become the item's they are linked to: rack by rack,
 * each in one transaction that raises the `writes` of every floor session concerned, as every write to a rack's figures
 * does.  Figures of the item in the same round add up with them (merged): nobody was asked whether they are the same
 * pieces, so none is lost, and the linked figure is marked for review.  A zero that was declared yields, and figures of
 * an earlier round stay behind a later one, as what_counts.h has it.  What was sent keeps its content hash: sent again
 * it is a replay.
 */
typedef struct {
    const char *code;            /* NULL: none */
    const char *unknown_item_id; /* of the find; NULL: none */
    const char *item_code;       /* may be the code itself, which the master has now */
} sv_link_t;

typedef struct {
    int64_t records; /* that are the item's now */
    int64_t waiting; /* racks of counts that take no records at present but may again */
    int64_t closed;  /* racks of counts that are over: left as they were counted */
    bool more;       /* there are more racks than were gone through */
} sv_relinked_t;

/* Goes through at most `racks` racks.  Again it finds what came since, or nothing. */
sv_status_t sv_relink(sv_store_t *store, const sv_principal_t *who, const sv_link_t *link, size_t racks,
                      sv_relinked_t *relinked, sv_error_t *error);

#endif
