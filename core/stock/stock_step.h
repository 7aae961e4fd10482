#ifndef SV_STOCK_STEP_H
#define SV_STOCK_STEP_H

#include "core/migrate/migrate.h"

/* Items of the version before say themselves what the books have of them: it becomes a row of item_stock, of their
 * warehouse, or, where they have none, of the only one there is.  Five hundred a chunk, each one transaction. */
sv_status_t sv_stock_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_stock_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

/* All of them, before an import may move an item to another warehouse. */
sv_status_t sv_stock_bring_over(sv_store_t *store, sv_error_t *error);

#endif
