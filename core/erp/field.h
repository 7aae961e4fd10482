#ifndef SV_ERP_FIELD_H
#define SV_ERP_FIELD_H

#include <stdbool.h>

/*
 * What a column of the ERP may be: a field of items as files have them (core/import/items.c), or one that only ERPs
 * tell.
 */
typedef enum {
    SV_ERP_FIELD_OF_ITEM,
    SV_ERP_FIELD_LOT,        /* of the stock on this row */
    SV_ERP_FIELD_VERSION,    /* the ERP's version of the stock, kept for writing back */
    SV_ERP_FIELD_CHANGED_AT, /* how far an incremental import has come: a time or a rising number */
    SV_ERP_FIELD_DELTA,      /* of an adjustment that is found again */
    SV_ERP_FIELD_MOVEMENT,   /* only of movements (core/import/movements.h) */
    SV_ERP_FIELD_NONE
} sv_erp_field_t;

sv_erp_field_t sv_erp_field(const char *name);
/* The same name, for keeps; NULL when it is no field. */
const char *sv_erp_field_name(const char *name);

#endif
