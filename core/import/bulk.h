#ifndef SV_IMPORT_BULK_H
#define SV_IMPORT_BULK_H

#include "core/import/import.h"
#include "core/store/store.h"

/* Upserts gathered into bulks, so that 100,000 rows take seconds.  Not in a transaction: an import that breaks off
 * is repeated, and a row says the same however often it is written. */
enum { SV_IMPORT_BULK_ROWS = 1000 };

typedef struct {
    sv_store_t *store;
    sv_collection_t collection;
    sv_import_table_t *table;
    mongoc_bulk_operation_t *operation;
    sv_arena_t *arena; /* of the rows of this bulk */
    long lines[SV_IMPORT_BULK_ROWS];
    size_t count;
    int64_t created, changed, unchanged;
} sv_import_bulk_t;

void
sv_import_bulk_init(sv_import_bulk_t *bulk, sv_store_t *store, sv_collection_t collection, sv_import_table_t *table);
void sv_import_bulk_close(sv_import_bulk_t *bulk);

/* Takes the row; writes when the bulk is full.  Rows the server refuses are reported by their line. */
sv_status_t sv_import_bulk_upsert(sv_import_bulk_t *bulk, long line, const bson_t *selector, const bson_t *update,
                                  sv_error_t *error);
sv_status_t sv_import_bulk_flush(sv_import_bulk_t *bulk, sv_error_t *error);

/* What became of the rows so far. */
void sv_import_bulk_result(const sv_import_bulk_t *bulk, sv_import_result_t *result);

#endif
