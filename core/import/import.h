#ifndef SV_IMPORT_H
#define SV_IMPORT_H

#include "core/auth/account.h"
#include "core/import/table.h"

/*
 * Imports from CSV, by column name.  A column the file does not have leaves its field alone, an empty field clears it;
 * what other parts keep on the same documents (fences, holds, the verification overlay, generations) is never touched.
 * A file that lacks what a new document needs changes known ones only, and refuses the others.  Refused rows are
 * reported; the others are written.  Rows that say what is stored already are `unchanged` and not written.  The streams
 * stay the caller's.
 */
typedef struct {
    int64_t rows;
    int64_t created;
    int64_t changed;
    int64_t unchanged;
    int64_t errors;
} sv_import_result_t;

/* item_code, item_name and the other columns of docs/data-model.md's master; without the column item_code the barcode
 * is the code.  `barcodes` are separated by '|', ';', ',' or blanks.  Without item_name only known items change: a file
 * of item_code,stock_qty brings their books up to date. */
sv_status_t sv_import_items(sv_store_t *store, FILE *stream, const sv_import_options_t *options,
                            sv_import_result_t *result, sv_error_t *error);

/* rack_id, floor, warehouse (or the default one), zone, estimated_items; without floor only known racks change.  Makes
 * their warehouses known. */
sv_status_t sv_import_racks(sv_store_t *store, FILE *stream, const sv_import_options_t *options,
                            sv_import_result_t *result, sv_error_t *error);

/* warehouse, name, time_zone, currency, rack_books. */
sv_status_t sv_import_warehouses(sv_store_t *store, FILE *stream, const sv_import_options_t *options,
                                 sv_import_result_t *result, sv_error_t *error);

/* rack_id, item_code, book_qty: what the books expect on a rack.  Unknown racks and items are errors. */
sv_status_t sv_import_expected(sv_store_t *store, FILE *stream, const sv_import_options_t *options,
                               sv_import_result_t *result, sv_error_t *error);

/* movement_id, item_code, warehouse (or the default one), lot, qty, moved_at, adjustment_id: what came and went
 * (core/stock/movements.h).  Counts that are not over take it into account. */
sv_status_t sv_import_movements(sv_store_t *store, FILE *stream, const sv_import_options_t *options,
                                sv_import_result_t *result, sv_error_t *error);

/* username, full_name, role, password or password_hash, warehouse, user_id; a new account needs the first four.  An
 * existing one is changed where the row differs, and its password reset only when the row's is another one; another
 * system's hash only where nobody has logged in yet.  `changed` is told every account that was created or changed. */
typedef void (*sv_import_account_t)(const sv_account_t *account, void *context);
sv_status_t
sv_import_users(sv_store_t *store, FILE *stream, const sv_import_options_t *options, const sv_principal_t *who,
                sv_import_account_t changed, void *context, sv_import_result_t *result, sv_error_t *error);

/* The column's own name, for keeps; NULL when items have no such column. */
const char *sv_import_item_column(const char *name);

/* What follows from the fields of items, for whoever writes them in bulk (core/import/bulk.h). */
const struct sv_import_derived_s *sv_import_items_derived(void);

/* Items whose rows come from elsewhere than a file: a table without a stream, and one row of it with a field for each
 * of `names` (NULL: a field that is no item's), which is read and taken as those of sv_import_items_read.  The fields
 * live as long as the row. */
sv_status_t sv_import_items_begin(sv_import_table_t *table, const char *const *names, size_t count,
                                  const sv_import_options_t *options, sv_error_t *error);

/* Reads items without writing them, as sv_import_items reads them: `take` gets each good row. */
typedef sv_status_t (*sv_import_take_t)(void *context, long line, const bson_t *selector, const bson_t *update,
                                        sv_error_t *error);
sv_status_t sv_import_items_read(sv_import_table_t *table, FILE *stream, const sv_import_options_t *options,
                                 sv_import_take_t take, void *context, sv_error_t *error);
sv_status_t sv_import_items_row(sv_import_table_t *table, long line, char **fields, sv_import_take_t take,
                                void *context, sv_error_t *error);

#endif
