#include "core/stock/units.h"

#include <strings.h>

#include "core/store/document.h"

bool
sv_uom_is(const char *uom, const char *other)
{
    return uom != NULL && other != NULL && strcasecmp(uom, other) == 0;
}

sv_uom_kind_t
sv_uom_of_item(const bson_t *item, const char *uom, sv_quantity_t *factor, sv_arena_t *arena)
{
    const char *own = sv_doc_text(item, "uom", arena);
    const bson_t *packs = sv_doc_child(item, "packs", arena);
    bool any = own == NULL || own[0] == '\0';
    bson_iter_t iter;

    *factor = SV_QUANTITY_ONE;
    if (sv_uom_is(own, uom)) {
        return SV_UOM_OWN;
    }
    if (packs != NULL && bson_iter_init(&iter, packs)) {
        while (bson_iter_next(&iter)) {
            const bson_t *pack = sv_doc_child(packs, bson_iter_key(&iter), arena);

            any = false;
            if (pack != NULL && sv_uom_is(sv_doc_text(pack, "uom", arena), uom)) {
                *factor = sv_doc_quantity(pack, "factor");
                return *factor > 0 ? SV_UOM_PACK : SV_UOM_UNKNOWN;
            }
        }
    }
    return any ? SV_UOM_ANY : SV_UOM_UNKNOWN;
}

bool
sv_uom_convert(sv_quantity_t quantity, sv_quantity_t factor, sv_quantity_t *converted)
{
    __int128 product = (__int128) quantity * factor;
    __int128 whole = product / SV_QUANTITY_ONE;

    if (product % SV_QUANTITY_ONE != 0 || whole > SV_QUANTITY_MAX || whole < -SV_QUANTITY_MAX) {
        return false;
    }
    *converted = (sv_quantity_t) whole;
    return true;
}
