#ifndef SV_IMPORT_MOVEMENTS_H
#define SV_IMPORT_MOVEMENTS_H

#include "core/import/import.h"

/*
 * Rows of movements that come from elsewhere than a file (core/import/import.h): opened with the names of their
 * columns, NULL for one that is not read, each with a field for each of them.  A movement says the same however often
 * it is told.
 */
typedef struct sv_movements_s sv_movements_t;

/* *movements is to be closed in any case. */
sv_status_t sv_import_movements_open(sv_store_t *store, const char *const *names, size_t name_count,
                                     const sv_import_options_t *options, sv_movements_t **movements, sv_error_t *error);
sv_status_t sv_import_movements_row(sv_movements_t *movements, long line, char **fields, sv_error_t *error);
/* Writes what was gathered, and has the counts that it concerns derived. */
sv_status_t sv_import_movements_flush(sv_movements_t *movements, sv_error_t *error);
void sv_import_movements_close(sv_movements_t *movements, sv_import_result_t *result);

#endif
