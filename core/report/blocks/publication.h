#ifndef SV_PUBLICATION_H
#define SV_PUBLICATION_H

#include "core/report/blocks/block_owner.h"

/*
 * What an attempt of a job made, on its way to be seen: blocks under an owner of the attempt's own, then a head that
 * names the owner, inserted in one transaction with a changing write under the attempt's claim.  So of any number of
 * attempts, some of them stopped and woken again, one publishes, and the blocks of the others go.
 */
typedef struct {
    sv_store_t *store;
    const sv_job_claim_t *claim;
    sv_collection_t heads;
    const char *id_field, *id; /* of the head; the id is that of the job's every attempt */
    sv_block_place_t blocks;   /* of this attempt */
    const char *action;        /* in the audit trail */
    bool noted;                /* the owner is, and is to be struck off */
    bool in_doubt;             /* the head may be there: its blocks are not to be removed here */
} sv_publication_t;

/* Before the first block.  Removes what dead attempts of the job left.  *published: an earlier attempt did all there is
 * to do. */
sv_status_t sv_publication_begin(sv_publication_t *publication, bool *published, sv_error_t *error);
/* Writes the attempt's blocks; the publication must outlive it.  The owner is noted before the first block that is not
 * inserted with the head: few blocks all are, and need no note.  NULL as of sv_block_writer_create(). */
sv_block_writer_t *
sv_publication_writer(sv_publication_t *publication, const sv_row_layout_t *layout, sv_error_t *error);
/* Adds to the head what is known of its blocks, and when it is created, and inserts it with the last of them, after
 * sv_block_writer_finish().  SV_OK also when another attempt was first; SV_ERR_UNAVAILABLE when the attempt lost its
 * job. */
sv_status_t sv_publication_publish(sv_publication_t *publication, bson_t *head, sv_block_writer_t *writer,
                                   const sv_block_totals_t *totals, sv_error_t *error);
/* After a failure: removes the attempt's blocks unless the head may have them.  What cannot be removed now, the round
 * of owners removes. */
void sv_publication_give_up(const sv_publication_t *publication);

#endif
