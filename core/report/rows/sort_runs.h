#ifndef SV_SORT_RUNS_H
#define SV_SORT_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/*
 * Entries that were sorted in parts, each part a run: written to files of a directory that have no name, so that they
 * go with the process whatever becomes of it, and read back merged.  For core/report/rows/row_sort.c alone.
 *
 * An entry is its head, then the key's bytes, then the row's.
 */
typedef struct {
    uint32_t key_length, row_length;
} sv_sort_head_t;

sv_sort_head_t sv_sort_entry_head(const char *entry);
size_t sv_sort_entry_length(const char *entry);
const char *sv_sort_entry_key(const char *entry);
const char *sv_sort_entry_row(const char *entry);

typedef struct sv_sort_runs_s sv_sort_runs_t;

/* The directory must outlive it.  NULL: no memory. */
sv_sort_runs_t *sv_sort_runs_create(const char *directory);
size_t sv_sort_runs_count(const sv_sort_runs_t *runs);
/* A run: begun, its entries in order, ended.  SV_ERR_INTERNAL when the disk does not take them. */
sv_status_t sv_sort_runs_begin(sv_sort_runs_t *runs, sv_error_t *error);
sv_status_t sv_sort_runs_put(sv_sort_runs_t *runs, const char *entry, sv_error_t *error);
sv_status_t sv_sort_runs_end(sv_sort_runs_t *runs, sv_error_t *error);
/* All entries in order, those of earlier runs first among equals: *entry is valid until the next call, NULL at the end.
 * No run may be begun any more. */
sv_status_t sv_sort_runs_next(sv_sort_runs_t *runs, const char **entry, sv_error_t *error);
void sv_sort_runs_destroy(sv_sort_runs_t *runs); /* NULL is allowed */

#endif
