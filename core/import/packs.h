#ifndef SV_IMPORT_PACKS_H
#define SV_IMPORT_PACKS_H

#include "core/import/table.h"

/*
 * The column `packs` of items: the units an item comes in beside its own, separated by '|', each
 * UOM=FACTOR and the barcodes of such a pack behind it: `BOX=12 5901234123457|PALLET=480`.
 */
enum { SV_MAX_PACKS = 20, SV_MAX_PACK_BARCODES = 20 };

/* Appends packs[{uom, factor, barcodes[]}]; what is wrong is reported. */
void sv_import_put_packs(sv_import_table_t *table, bson_t *set);

/* A barcode: a code, and no number that a program made of one (`4006381333931.0`). */
bool sv_import_barcode_read(sv_import_table_t *table, const char *column, const char *text, const char **code);

#endif
