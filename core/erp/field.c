#include "core/erp/field.h"

#include <string.h>

#include "core/import/import.h"

static const struct {
    const char *name;
    sv_erp_field_t field;
} sv_erp_own_fields[] = {
    { "lot", SV_ERP_FIELD_LOT },
    { "erp_version", SV_ERP_FIELD_VERSION },
    { "changed_at", SV_ERP_FIELD_CHANGED_AT },
    { "delta", SV_ERP_FIELD_DELTA },
    { "movement_id", SV_ERP_FIELD_MOVEMENT },
    { "qty", SV_ERP_FIELD_MOVEMENT },
    { "moved_at", SV_ERP_FIELD_MOVEMENT },
    { "adjustment_id", SV_ERP_FIELD_MOVEMENT },
};

sv_erp_field_t
sv_erp_field(const char *name)
{
    for (size_t i = 0; i < sizeof(sv_erp_own_fields) / sizeof(sv_erp_own_fields[0]); i++) {
        if (strcmp(sv_erp_own_fields[i].name, name) == 0) {
            return sv_erp_own_fields[i].field;
        }
    }
    return sv_import_item_column(name) != NULL ? SV_ERP_FIELD_OF_ITEM : SV_ERP_FIELD_NONE;
}

const char *
sv_erp_field_name(const char *name)
{
    for (size_t i = 0; i < sizeof(sv_erp_own_fields) / sizeof(sv_erp_own_fields[0]); i++) {
        if (strcmp(sv_erp_own_fields[i].name, name) == 0) {
            return sv_erp_own_fields[i].name;
        }
    }
    return sv_import_item_column(name);
}
