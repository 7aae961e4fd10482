#ifndef SV_EXPORT_H
#define SV_EXPORT_H

#include "core/base/error.h"
#include "worker/export/head.h"
#include "worker/export/writer.h"

/*
 * Writes rows into a file people open: CSV, JSON, NDJSON, XLSX, PDF.  Each format is a row of one table of functions
 * (formats.c).  Rows are streamed; memory stays flat.  The file is written to `path` and flushed to the disk; it is not
 * there for anybody until its job succeeds with it.  One thread at a time.
 */
typedef struct sv_exporter_s sv_exporter_t;

/* `head` must outlive it.  NULL with SV_ERR_TOO_MANY_ROWS when the format cannot hold so many rows (pdf: 50,000),
 * SV_ERR_UNAVAILABLE or SV_ERR_INTERNAL when the file cannot be made. */
sv_exporter_t *
sv_exporter_create(const sv_format_t *format, const char *path, const sv_export_head_t *head, sv_error_t *error);
/* An exporter with a writer that is not in the table (tests, benchmarks). */
sv_exporter_t *sv_exporter_create_with(const sv_export_writer_t *writer, const sv_format_t *format, const char *path,
                                       const sv_export_head_t *head, sv_error_t *error);

sv_status_t sv_exporter_row(sv_exporter_t *exporter, const bson_t *row, sv_error_t *error);
/* Writes totals and what else ends the file, and fsyncs it. */
sv_status_t sv_exporter_finish(sv_exporter_t *exporter, int64_t *size, char sha256[65], sv_error_t *error);
void sv_exporter_destroy(sv_exporter_t *exporter); /* removes what is unfinished */

#endif
