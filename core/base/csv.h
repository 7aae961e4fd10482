#ifndef SV_BASE_CSV_H
#define SV_BASE_CSV_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/csv_input.h"
#include "core/base/error.h"

/*
 * Reads CSV (RFC 4180) a row at a time, as spreadsheets and other programs write it: blank lines are skipped, lines
 * end in LF, CRLF or (where the first does) CR, blanks may stand around quotes.
 * Limits: 256 columns, 64 KiB a field; memory does not grow with the file.
 */
typedef struct sv_csv_reader_s  sv_csv_reader_t;

enum { SV_CSV_SEPARATOR_FOUND = 0, SV_CSV_MAX_COLUMNS = 256 };

typedef struct {
    char           separator;   /* SV_CSV_SEPARATOR_FOUND: a comma, semicolon or tab, whichever the first line has most
                                 * of; a first line `sep=X` says it and is skipped */
    sv_encoding_t  encoding;    /* a byte-order mark goes before it */
} sv_csv_options_t;

typedef struct {
    char   **fields;        /* NUL-terminated, valid UTF-8, until the next read */
    size_t   count;
    long     line;          /* 1-based line of the file where the row begins */
} sv_csv_row_t;

/* The stream stays the caller's.  options NULL: commas and UTF-8. */
sv_csv_reader_t *sv_csv_reader_create(FILE *stream, const sv_csv_options_t *options);
void             sv_csv_reader_destroy(sv_csv_reader_t *reader);

typedef enum { SV_CSV_ROW, SV_CSV_END, SV_CSV_BAD_ROW, SV_CSV_IO_ERROR } sv_csv_result_t;

/* SV_CSV_BAD_ROW: `row->line` and *reason (until the next read) say what is wrong; reading can go on. */
sv_csv_result_t sv_csv_read(sv_csv_reader_t *reader, sv_csv_row_t *row, const char **reason);

#endif
