#ifndef SV_STOCK_COPIES_H
#define SV_STOCK_COPIES_H

#include "core/store/store.h"

/* Keeps what erp_items say of their stock the copy of item_stock that it is (stock.h, item_stocks.h). */

/* After rows of these items were written: brings the copies up to date and tells that the items changed, so that
 * neither phones nor the cache of lookups keep what was.  May be repeated. */
sv_status_t sv_stock_settle(sv_store_t *store, const char *const *codes, size_t count, sv_error_t *error);

/* Where the rows did not change: brings up to date what is no copy of them, as with items of before, or when whoever
 * wrote the rows died before it settled them. */
sv_status_t sv_stock_copy(sv_store_t *store, const char *const *codes, size_t count, sv_error_t *error);

#endif
