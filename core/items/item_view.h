#ifndef SV_ITEM_VIEW_H
#define SV_ITEM_VIEW_H

#include <stdbool.h>

#include "core/base/json_writer.h"
#include "core/stock/item_stocks.h"

/*
 * An item as clients see it: every name the original's items had, and ours.  What it is, is the same for everybody;
 * what the books say it amounts to is a warehouse's; what was counted of it may be hidden from who counts.
 */

/* Of erp_items: which fields a person corrected (core/items/corrections.h). */
#define SV_ITEM_CORRECTIONS "corrections"

/* The fields of erp_items that are read for a view, as a projection. */
void sv_item_view_projection(bson_t *options);

/* For whom: `warehouse` is the one asked for, NULL where the caller has none. */
typedef struct {
    const char *warehouse;
    bool blind; /* no book quantity, no variance, nothing of what others counted */
    bool is_staff;
} sv_item_view_t;

/* Whether what was counted in a warehouse ("" or NULL: that is not known) is told.  Staff are told that of the one they
 * look at, which is known not to be blind: in another one they may be counting as guests, blind. */
bool sv_item_view_tells(const sv_item_view_t *view, const char *counted_in, size_t length);

/* The members of an item within an open object. */
void sv_item_write(sv_json_writer_t *w, const bson_t *item, const sv_item_stocks_t *stocks, const sv_item_view_t *view,
                   sv_arena_t *arena);

/* Its three parts, each of members only: what it is; what was counted; what a warehouse's books say.  Neither of the
 * last two is written for a blind view. */
void sv_item_write_master(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena);
void sv_item_write_counted(sv_json_writer_t *w, const bson_t *item);
void sv_item_write_uncounted(sv_json_writer_t *w);
void sv_item_write_stock(sv_json_writer_t *w, const sv_item_stocks_t *stocks, const char *warehouse);

/* Of each corrected field who did it, and when: the member `corrections`. */
void sv_item_write_corrections(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena);

/* Whether the caller is to see no book quantity: staff while a blind count is not over in their warehouse, or in the
 * one they ask for; those of no warehouse, who count in each, while there is one anywhere. */
sv_status_t
sv_item_blind_for(sv_store_t *store, bool is_staff, const char *own, const char *asked, bool *blind, sv_error_t *error);

#endif
