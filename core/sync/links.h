#ifndef SV_SYNC_LINKS_H
#define SV_SYNC_LINKS_H

#include "core/sync/batch_state.h"

/*
 * Codes that no item had, and what they turned out to be (docs/evidence.md).  A code is noted once, in unknown_items,
 * by the transaction that stores the first record under it; once it is linked to an item, by a person or because the
 * master has it, records that still come under the code are the item's.
 */

/* Inside a batch's transaction, before anything is judged: its records of unknown codes and finds that are linked
 * meanwhile become records of the item. */
sv_status_t sv_links_follow(sv_batch_run_t *run, sv_error_t *error);

/* Notes the codes of stored unknown records that are not noted yet.  SV_ERR_ALREADY_EXISTS: somebody else did. */
sv_status_t sv_links_note(sv_batch_run_t *run, sv_error_t *error);

/* The id of the note of a code: the same for everybody. */
enum { SV_LINK_NOTE_ID_SIZE = sizeof("code:") + 32 };
#define SV_LINK_NOTE_PREFIX "code:"
void sv_link_note_id(const char *code, char id[SV_LINK_NOTE_ID_SIZE]);

#endif
