#ifndef SV_SYNC_OLD_IDS_H
#define SV_SYNC_OLD_IDS_H

#include "core/sync/batch_state.h"

/*
 * Ids of records of UUID form were stored as they came by the version before, and are kept in small letters now.  Until
 * the migration is through (run->of_before), a record that comes again is found in capitals too, and is renamed in the
 * transaction that met it, so that nothing counts twice.
 */

/* Whether a record may be stored under another spelling of its id. */
bool sv_old_id_is_possible(const sv_batch_run_t *run, const sv_record_t *record);
/* Adds the spellings of a record's id to those asked for. */
void sv_old_ids_ask(const sv_batch_run_t *run, const sv_record_t *record, sv_query_texts_t *ids);

/* A stored record with its ids as they are now. */
const bson_t *sv_old_ids_read(const sv_batch_run_t *run, const bson_t *record);
/* Renames the records of the run that are stored under another spelling. */
sv_status_t sv_old_ids_rename(sv_batch_run_t *run, sv_error_t *error);

#endif
