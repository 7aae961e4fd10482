#ifndef SV_ERP_INTAKE_H
#define SV_ERP_INTAKE_H

#include "core/erp/intake_options.h"
#include "core/erp/mapping.h"
#include "core/store/store.h"

/*
 * Takes the rows of an ERP into erp_items and item_stock (docs/erp.md).  A row is an item's stock in one warehouse and
 * lot; the rows of an item come together.  What is wrong with an item is told and the item refused; nothing is deleted:
 * stock that an item's rows do not tell any more is 0.  What is written says the same however often it is.
 */
typedef struct sv_erp_intake_s sv_erp_intake_t;

typedef struct {
    int64_t rows, items, created, changed, unchanged, refused;
    const char *after;     /* the last item that is stored with all before it, as the ERP spells it; NULL: none */
    const char *mark;      /* the latest changed_at; NULL: none was told */
    const char *item_code; /* of the last item taken, stored or not */
} sv_erp_taken_t;

/* `columns` are the ERP's.  SV_ERR_VALIDATION_FAILED when they lack what every item must have. */
sv_status_t
sv_erp_intake_open(sv_store_t *store, const sv_erp_mapping_t *mapping, const char *const *columns, size_t column_count,
                   const sv_erp_intake_options_t *options, sv_erp_intake_t **intake, sv_error_t *error);
void sv_erp_intake_close(sv_erp_intake_t *intake); /* NULL is allowed */

/* Some rows: arrays of texts and nulls, in the order of the columns.  *stored: what was taken before is written. */
sv_status_t sv_erp_intake_rows(sv_erp_intake_t *intake, const bson_t *rows, bool *stored, sv_error_t *error);
/* Writes all that is left. */
sv_status_t sv_erp_intake_finish(sv_erp_intake_t *intake, sv_error_t *error);

const sv_erp_taken_t *sv_erp_intake_taken(const sv_erp_intake_t *intake);

/* Whether `a` is later than `b` (NULL: than anything): numbers by their size, times by their text. */
bool sv_erp_mark_later(const char *a, const char *b);

/* Items of the ERP that this full run did not see are delisted.  SV_ERR_CONFLICT_STATE when it saw none, or when they
 * are more than SV_ERP_DELIST_FREE and than ERP_DELIST_MAX_PERCENT allows: an ERP that told a part of what it has is
 * likelier than a master that lost so much. */
enum { SV_ERP_DELIST_FREE = 10 };

sv_status_t sv_erp_delist(sv_store_t *store, const char *run_id, int64_t *delisted, sv_error_t *error);

#endif
