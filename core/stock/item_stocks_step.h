#ifndef SV_ITEM_STOCKS_STEP_H
#define SV_ITEM_STOCKS_STEP_H

#include "core/migrate/migrate.h"

/* Gives items of before a copy of what the books say of them (core/stock/item_stocks.h). */
sv_status_t sv_item_stocks_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_item_stocks_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
