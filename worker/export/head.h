#ifndef SV_EXPORT_HEAD_H
#define SV_EXPORT_HEAD_H

#include <stdint.h>

#include "core/report/files/format_options.h"
#include "core/report/rows/column.h"

/* What a file says of itself besides its rows. */
typedef struct {
    const char *title;    /* "Stock summary", a snapshot's name */
    const char *subtitle; /* the query or filters in words; "" for none */
    const char *made_by;  /* who asked */
    int64_t taken_at_ms;  /* the instant the rows are of */
    const char *source;   /* "snapshot 0198...", "comparison ..." */
    const char *digest;   /* of the source's rows; "" for none */
    int64_t rows;         /* -1: not known before the end */
    const sv_column_t *columns;
    size_t column_count;
    sv_format_options_t options;
    const char *scratch_dir; /* local, for files on the way; NULL: the system's */
} sv_export_head_t;

#endif
