#ifndef SV_EXPORT_WRITER_H
#define SV_EXPORT_WRITER_H

#include "core/base/error.h"
#include "core/report/rows/row_value.h"
#include "worker/export/head.h"

/* Behind sv_exporter_t: what a format must be able to do.  One row each in formats.c. */

/* What is known once all rows have come. */
typedef struct {
    int64_t rows;
    const sv_row_value_t *sums; /* a column each; known only where the column has a total that int64 holds */
} sv_export_totals_t;

typedef struct {
    const char *format;
    /* Begins the file; `head` outlives the writer.  NULL with `error`. */
    void *(*open)(const char *path, const sv_export_head_t *head, sv_error_t *error);
    /* `values` are one a column; texts are valid UTF-8 without NUL, NUL-terminated. */
    sv_status_t (*row)(void *writer, const sv_row_value_t *values, sv_error_t *error);
    /* Ends the file: all of it has been given to the system afterwards. */
    sv_status_t (*finish)(void *writer, const sv_export_totals_t *totals, sv_error_t *error);
    void (*close)(void *writer); /* after finish, or instead of it */
} sv_export_writer_t;

extern const sv_export_writer_t sv_csv_writer, sv_json_file_writer, sv_ndjson_writer, sv_xlsx_writer, sv_pdf_writer;

const sv_export_writer_t *sv_export_writer(const sv_format_t *format); /* NULL: nobody writes it */

#endif
