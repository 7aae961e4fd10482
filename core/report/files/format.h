#ifndef SV_REPORT_FORMAT_H
#define SV_REPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The formats of downloads: what a client may ask for, what the file is called and how it is served.  The writers
 * stand with the worker (worker/export/export.h), so that nginx links none of their libraries.
 */
typedef struct {
    const char *name;         /* "csv" */
    const char *extension;    /* "csv" */
    const char *content_type; /* "text/csv; charset=utf-8" */
    int64_t max_rows;         /* 0: no limit */
} sv_format_t;

extern const sv_format_t sv_formats[];
extern const size_t sv_format_count;
const sv_format_t *sv_format(const char *name); /* NULL: there is none */

/* "2026-11-22 stock count A.csv" from a title of any kind: what a file system or a header can't hold is replaced. */
const char *sv_format_file_name(const char *title, const sv_format_t *format, char *buffer, size_t size);

#endif
