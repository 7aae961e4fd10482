#ifndef SV_SYNC_RULES_H
#define SV_SYNC_RULES_H

#include "core/settings/settings.h"
#include "core/stock/units.h"
#include "core/sync/record.h"

/* What is known of a record's item (core/sync/items.h). */
typedef struct {
    bool known;
    bool serial_tracked;
    sv_lot_tracking_t lots;
    sv_uom_kind_t uom_kind; /* of the record's `uom`, where it says one */
    sv_quantity_t factor;
    const char *uom; /* the item's own; NULL: none */
} sv_item_facts_t;

/* The rules a record must keep whatever is stored; a breach becomes the record's fault.  A
 * void withdraws a figure, so its figures may be anything. */
void sv_rules_check_quantities(sv_record_t *record, const sv_settings_t *settings, sv_arena_t *arena);
/* Also brings what was said in packs to the item's own unit. */
void sv_rules_check_item(sv_record_t *record, const sv_item_facts_t *item, sv_arena_t *arena);

/* Reasons that are none of the words /api/config lists (reasons.h).  Asked of who can mend it at once; what a phone
 * brings later is counted whatever its words are. */
void sv_rules_check_reasons(sv_record_t *record, sv_arena_t *arena);

/* A strict count asks for variance_confirmed where the rack's own book says something else.  `beside` is what other
 * figures of the round have of the item already, to which this one adds up (`is_part`): of parts only what is too much
 * is asked about, since others may follow. */
void sv_rules_check_variance(sv_record_t *record, bool is_part, sv_quantity_t beside, sv_quantity_t book_qty,
                             sv_arena_t *arena);

#endif
