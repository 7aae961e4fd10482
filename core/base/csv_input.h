#ifndef SV_BASE_CSV_INPUT_H
#define SV_BASE_CSV_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/buffer.h"

/*
 * The bytes of a text file as UTF-8, whatever it was written in.  A byte-order mark (UTF-8, UTF-16) decides over what
 * the caller believes and is skipped; Ctrl-Z at the end of the file, as DOS and its heirs leave, is no part of it.
 * What is no UTF-8 in a file that should be comes through as it stands, for the reader to refuse by line.
 */
typedef enum { SV_ENCODING_UTF8, SV_ENCODING_WINDOWS_1252, SV_ENCODING_UTF16_LE, SV_ENCODING_UTF16_BE } sv_encoding_t;

/* utf-8, windows-1252 (cp1252), latin-1 (iso-8859-1: what calls itself so has Windows' characters where Latin-1 has
 * control characters), utf-16le, utf-16be; in any case of letters. */
bool sv_encoding_parse(const char *name, sv_encoding_t *encoding);

/* What Windows-1252 means by a byte from 0x80 to 0x9f, as UTF-8; "" for the five it leaves undefined. */
const char *sv_windows_1252_text(unsigned char byte);

enum { SV_CSV_PENDING = 8 };

typedef struct {
    FILE *stream;
    sv_encoding_t encoding;
    bool started;
    unsigned char raw[4]; /* read for the mark, and not part of it */
    size_t raw_count;
    unsigned char pending[SV_CSV_PENDING]; /* UTF-8 decoded and not yet given */
    size_t pending_count, pending_next;
    size_t substitutes; /* Ctrl-Zs that did not end the file, still to be given */
    int behind;         /* the byte behind them; EOF when there is none */
    int returned;       /* given back by the reader; EOF when there is none */
    sv_buffer_t head;   /* the first line, read ahead */
    size_t head_next;
} sv_csv_input_t;

/* The stream stays the caller's. */
void sv_csv_input_init(sv_csv_input_t *input, FILE *stream, sv_encoding_t encoding, sv_arena_t *arena);

/* The next byte, EOF at the end. */
int sv_csv_input_next(sv_csv_input_t *input);
/* Gives one byte back, which comes next. */
void sv_csv_input_return(sv_csv_input_t *input, int c);

/* The file as far as the end of its first line that is not empty, and the byte behind where that end is a CR; 64 KiB at
 * most.  All of it is still to be read.  Only before anything was. */
const sv_buffer_t *sv_csv_input_first_line(sv_csv_input_t *input);

#endif
