#ifndef SV_BASE_CSV_H
#define SV_BASE_CSV_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* Reads CSV (RFC 4180; a UTF-8 BOM and blank lines are skipped, LF or CRLF) a row at a time.
 * Limits: 256 columns, 64 KiB a field. */
typedef struct sv_csv_reader_s  sv_csv_reader_t;

typedef struct {
    char   **fields;        /* NUL-terminated, valid UTF-8, until the next read */
    size_t   count;
    long     line;          /* 1-based line of the file where the row begins */
} sv_csv_row_t;

/* The stream stays the caller's. */
sv_csv_reader_t *sv_csv_reader_create(FILE *stream);
void             sv_csv_reader_destroy(sv_csv_reader_t *reader);

typedef enum { SV_CSV_ROW, SV_CSV_END, SV_CSV_BAD_ROW, SV_CSV_IO_ERROR } sv_csv_result_t;

/* SV_CSV_BAD_ROW: `row->line` and *reason say what is wrong; reading can go on. */
sv_csv_result_t sv_csv_read(sv_csv_reader_t *reader, sv_csv_row_t *row, const char **reason);

#endif
