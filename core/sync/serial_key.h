#ifndef SV_SERIAL_KEY_H
#define SV_SERIAL_KEY_H

#include "core/sync/batch_state.h"

/*
 * What makes two serial numbers one piece: their letters whatever the case (sv_serial_fold), and, where SERIAL_SCOPE is
 * "item", their item.  Stored as `serial_key` and `item_scope`, together unique.  Until the migration is through (the
 * index of the version before is its sign) documents may lack them: those are found as they are spelt, and serial
 * numbers are one over all items.
 */

/* Whether SERIAL_SCOPE is "item". */
bool sv_serial_scope_is_item(const sv_settings_t *settings);
/* Before the first serial number of a run is asked for; the server is asked until all are migrated. */
sv_status_t sv_serials_begin(sv_batch_run_t *run, sv_error_t *error);
/* The `item_scope` of a record's serial numbers; `item_key` as in sv_record_t. */
const char *sv_serials_scope(const sv_batch_run_t *run, const char *item_key);
/* A record's serial number, made when new. */
sv_serial_t *sv_batch_serial(sv_batch_run_t *run, const char *item_key, const char *serial_number);
/* Appends the filter that finds the run's serial numbers. */
void sv_serials_filter(const sv_batch_run_t *run, bson_t *filter);
/* Puts a document that was found to its serial number. */
void sv_serials_read(const bson_t *document, void *run);

#endif
