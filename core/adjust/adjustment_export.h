#ifndef SV_ADJUSTMENT_EXPORT_H
#define SV_ADJUSTMENT_EXPORT_H

#include "core/report/files/export_request.h"

/*
 * An adjustment's lines as a file for the ERP (kind adjustment.export; params {adjustment_id, format, options}).
 * Superseded lines are not in it.  SV_ERR_NOT_FOUND; SV_ERR_CONFLICT_STATE when it was reversed: what a file of it
 * would bring into the ERP is not to be there.
 */
sv_status_t
sv_adjustment_export_request(sv_store_t *store, const sv_principal_t *who, const sv_export_request_t *wanted,
                             sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error);

#endif
