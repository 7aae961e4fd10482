#ifndef SV_ERP_INTAKE_WRITE_H
#define SV_ERP_INTAKE_WRITE_H

#include "core/erp/intake_options.h"
#include "core/erp/intake_stock.h"
#include "core/import/bulk.h"
#include "core/store/store.h"

/* Some hundred items of an ERP with their stock, on their way to the database: items first, so that no stock is without
 * its item. */
enum { SV_INTAKE_ITEMS = 500 };

typedef struct {
    int64_t row; /* the item's first */
    const char *item_code;
    const char *erp_code; /* as the ERP spells it */
    const bson_t *update; /* NULL: the item was refused, and is none the less no delisted one */
    size_t first_stock;   /* in the stocks, with those up to the next item's */
    bool created, changed;
} sv_intake_item_t;

typedef struct {
    sv_store_t *store;
    const sv_erp_intake_options_t *options;
    sv_import_bulk_t *bulk; /* of erp_items */
    sv_arena_t *arena;
    sv_intake_item_t items[SV_INTAKE_ITEMS];
    size_t count;
    sv_erp_stocks_t stocks;
    int64_t refused; /* by what is stored */
} sv_intake_batch_t;

/* Refuses items whose code another item of the ERP has, which only what nobody sees tells apart; writes the others and
 * empties the batch, the arena excepted. */
sv_status_t sv_intake_batch_write(sv_intake_batch_t *batch, sv_error_t *error);

#endif
