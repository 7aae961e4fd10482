#include "core/counts/book_step.h"
#include "core/items/item_keys_step.h"
#include "core/migrate/migrate.h"
#include "core/sync/conflict_step.h"
#include "core/sync/counted_step.h"
#include "core/sync/outdated_step.h"
#include "core/migrate/step_rounds.h"
#include "core/migrate/step_texts.h"
#include "core/stock/item_stocks_step.h"
#include "core/stock/stock_step.h"
#include "core/sync/serial_step.h"
#include "core/totals/line_step.h"
#include "core/warehouse/warehouse_step.h"

/* New steps go to the end; "texts" is known to be due by what "serial_keys" drops. */
const sv_migration_step_t sv_migration_steps[] = {
    { "warehouses", "makes the warehouses of racks known", sv_warehouse_step_is_due, sv_warehouse_step_run },
    { "conflict_keys", "drops the index that kept one conflict a record, whoever sent it", sv_conflict_step_is_due,
      sv_conflict_step_run },
    { "rounds", "gives floor sessions the round they belong to, and records their standing", sv_step_rounds_is_due,
      sv_step_rounds_run },
    { "item_keys", "derives the codes that find an item", sv_item_keys_step_is_due, sv_item_keys_step_run },
    { "texts", "brings stored texts and ids to the form in which they come in now", sv_step_texts_is_due,
      sv_step_texts_run },
    { "serial_keys", "makes serial numbers one whatever the case of their letters", sv_serial_step_is_due,
      sv_serial_step_run },
    { "item_stock", "keeps what the books say of items by warehouse", sv_stock_step_is_due, sv_stock_step_run },
    { "book_lots", "drops the index that kept one line an item in a count's book", sv_book_step_is_due,
      sv_book_step_run },
    { "item_stocks", "copies what the books say of items beside them", sv_item_stocks_step_is_due,
      sv_item_stocks_step_run },
    { "line_states", "has the worker derive how lines of counts stand that were counted before there was a review",
      sv_line_step_is_due, sv_line_step_run },
    { "outdated_conflicts", "tells conflicts of old edits behind which a newer one is stored", sv_outdated_step_is_due,
      sv_outdated_step_run },
    { "counted_at", "gives records of before the time at which they were counted, as near as it is known",
      sv_counted_step_is_due, sv_counted_step_run },
    { NULL, NULL, NULL, NULL },
};
