#include "core/sync/rules.h"

#include "core/sync/reasons.h"

void
sv_rules_check_quantities(sv_record_t *record, const sv_settings_t *settings, sv_arena_t *arena)
{
    if (sv_record_is_void(record)) {
        return;
    }
    if (settings->damage_bound && record->damage_qty > record->verified_qty) {
        sv_record_fail(record, arena, "damage_qty", "damage_exceeds_count", "damage_qty must not exceed verified_qty");
    }
}

/* The quantities in the item's own unit, and what was said kept beside them. */
static bool
sv_rules_convert(sv_record_t *record, const sv_item_facts_t *item, sv_arena_t *arena)
{
    sv_quantity_t *const quantities[] = { &record->verified_qty, &record->damage_qty,
                                          &record->non_returnable_damaged_qty };
    static const char *const names[] = { "verified_qty", "damage_qty", "non_returnable_damaged_qty" };

    if (!sv_record_has(record, SV_RECORD_HAS_uom) || !item->known || record->said.uom != NULL) {
        return true;
    }
    if (item->uom_kind == SV_UOM_UNKNOWN) {
        return sv_record_is_void(record) ||
               sv_record_fail(record, arena, "uom", "uom_unknown", "The item has no unit or pack %s", record->uom);
    }
    if (item->uom_kind != SV_UOM_PACK) {
        return true;
    }
    record->said = (sv_record_said_t){ .uom = record->uom,
                                       .factor = item->factor,
                                       .verified_qty = record->verified_qty,
                                       .damage_qty = record->damage_qty,
                                       .non_returnable_damaged_qty = record->non_returnable_damaged_qty };
    record->uom = item->uom;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!sv_uom_convert(*quantities[i], item->factor, quantities[i])) {
            return sv_record_fail(
                record, arena, names[i], "out_of_range",
                "In the item's own unit it is no number of at most six places up to 999999999.999999");
        }
    }
    return true;
}

void
sv_rules_check_item(sv_record_t *record, const sv_item_facts_t *item, sv_arena_t *arena)
{
    sv_quantity_t pieces;

    record->lots = item->lots;
    if (!sv_rules_convert(record, item, arena) || sv_record_is_void(record)) {
        return;
    }
    pieces = record->verified_qty + record->damage_qty + record->non_returnable_damaged_qty;
    if (item->serial_tracked && (sv_quantity_t) record->serial_numbers.count * SV_QUANTITY_ONE > pieces) {
        sv_record_fail(record, arena, "serial_numbers", "serials_exceed_count",
                       "There are more serial numbers than pieces counted");
    }
}

void
sv_rules_check_variance(sv_record_t *record, bool is_part, sv_quantity_t beside, sv_quantity_t book_qty,
                        sv_arena_t *arena)
{
    sv_quantity_t sum = record->verified_qty + record->damage_qty;
    bool differs = !sv_quantity_add(sum, beside, &sum) || (is_part ? sum > book_qty : sum != book_qty);

    if (!sv_record_is_void(record) && !record->variance_confirmed && differs) {
        sv_record_fail(record, arena, "variance_confirmed", "variance_unconfirmed",
                       "The figure differs from the rack's book; confirm the variance");
    }
}

void
sv_rules_check_reasons(sv_record_t *record, sv_arena_t *arena)
{
    const char *const reasons[SV_REASON_KINDS] = { [SV_REASON_DAMAGE] = record->damage_reason,
                                                   [SV_REASON_VARIANCE] = record->variance_reason,
                                                   [SV_REASON_CORRECTION] = record->correction_reason };

    for (int i = 0; i < SV_REASON_KINDS; i++) {
        if (reasons[i] != NULL && !sv_reason_is_known(i, reasons[i])) {
            sv_record_fail(record, arena, sv_reason_lists[i].field, "reason_unknown",
                           "%s must be one of the codes that GET /api/config lists", sv_reason_lists[i].field);
        }
    }
}
