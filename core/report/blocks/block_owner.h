#ifndef SV_BLOCK_OWNER_H
#define SV_BLOCK_OWNER_H

#include "core/jobs/job.h"
#include "core/report/blocks/blocks.h"

/*
 * Whose blocks are whose (report_block_owners), so that none are left over: an attempt notes its owner before it
 * writes the first block that does not go with its head; the transaction that publishes a head strikes it off; the one
 * that removes a head notes it again.  What is noted and is no live attempt's is removed.
 */

/* Before that block. */
sv_status_t
sv_block_owner_note(sv_store_t *store, const sv_block_place_t *place, const sv_job_claim_t *claim, sv_error_t *error);
/* In the transaction that publishes a head: the blocks are the head's now.  (With sv_job_hold().) */
sv_status_t sv_block_owner_settle(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error);
/* In the transaction that removes a head: the blocks may go. */
sv_status_t sv_block_owner_abandon(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error);

/* Whether the blocks may be gone because nobody owns them any more: for who read their head before that. */
sv_status_t sv_block_owner_is_noted(sv_store_t *store, const sv_block_place_t *place, bool *noted, sv_error_t *error);

enum { SV_BLOCK_OWNERS_MS = 60000 }; /* how often a round is due */

/* Removes the blocks of abandoned heads and of attempts that are over, of one job (NULL: of all).  An attempt that was
 * stopped may wake and write once more: its owner is looked at again an hour later, and struck off then.  Any number
 * of rounds may run at once. */
sv_status_t sv_block_owners_round(sv_store_t *store, const char *job_id, int64_t *removed, sv_error_t *error);

#endif
