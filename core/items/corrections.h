#ifndef SV_ITEM_CORRECTIONS_H
#define SV_ITEM_CORRECTIONS_H

#include <jansson.h>

#include "core/auth/principal.h"
#include "core/items/item_view.h"

/*
 * Corrections of the master by a person.  A corrected field has the person's value wherever items are read, found and
 * searched; what the ERP says of it is kept beside (`erp_values`), and imports write it there as long as the correction
 * stands (core/import/bulk.c), so that none is lost and one can be taken back.  In erp_items:
 *
 *     corrections {field: {by, at}}    which fields are corrected
 *     erp_values {field: value}        what the ERP says of them
 */
#define SV_ITEM_ERP_VALUES "erp_values"

typedef struct {
    const bson_t *item; /* as it is now */
    sv_item_stocks_t stocks;
} sv_item_corrected_t;

/* Sets the fields of `changes`; null takes a correction back.  In one transaction with its audit entry.
 * SV_ERR_ITEM_UNKNOWN; SV_ERR_VALIDATION_FAILED with the fields ("changes.item_name").  On a thread that owns `store`.
 */
sv_status_t sv_item_correct(sv_store_t *store, const sv_principal_t *who, const char *item_code, const json_t *changes,
                            sv_item_corrected_t *corrected, sv_error_t *error);

#endif
