#ifndef SV_AUDIT_H
#define SV_AUDIT_H

#include "core/auth/principal.h"
#include "core/store/store.h"

/* One entry of the audit trail, written inside the transaction it tells of (docs/data-model.md,
 * activity_logs).  `details` may be NULL. */
typedef struct {
    const char    *action;         /* "rack.claim" */
    const char    *session_id;
    const char    *rack_id;
    const char    *count_id;
    const char    *warehouse;
    const bson_t  *details;
} sv_audit_t;

/* Inserts the entry, unsealed; a worker seals it within seconds (core/audit/seal.h). */
sv_status_t sv_audit_write(sv_store_t *store, const sv_principal_t *who, const sv_audit_t *entry, sv_error_t *error);

#endif
