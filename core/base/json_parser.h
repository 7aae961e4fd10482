#ifndef SV_BASE_JSON_PARSER_H
#define SV_BASE_JSON_PARSER_H

#include <jansson.h>
#include <stddef.h>

#include "core/base/arena.h"

/*
 * Builds jansson values from text.  It accepts what json_loadb() accepts with
 * JSON_REJECT_DUPLICATES and JSON_DECODE_ANY (but no NUL behind the value, which
 * that overlooks), and gives equal values (a fuzzer holds the two together), in a
 * quarter of its time: strings without escapes are taken from the text in one
 * piece, and short decimals need no strtod().
 * An integer beyond 64 bits, which jansson refuses, is read as a real: a barcode
 * scanned into a quantity is one wrong field of one record, no malformed body.
 * The sync batch, the hot path, is mostly parsing.
 */
/*
 * Nesting beyond is refused, and so is what would take many times the memory of its text: a value weighs one, a list or
 * an object eight, a member's name one.  The heaviest body that anybody has reason to send, a full batch, weighs some
 * 30,000; the file of a phone, for which many is meant, has lists of 10,000 records.
 */
enum { SV_JSON_READ_DEPTH = 32, SV_JSON_READ_WEIGHT = 300 * 1000, SV_JSON_READ_WEIGHT_MANY = 1000 * 1000 };

typedef struct {
    const char *message; /* a clause: "a number is out of range"; NULL when memory ran out */
    size_t position;     /* byte of the text, from 0 */
    size_t line, column; /* from 1; columns are characters */
} sv_json_fault_t;

/* The caller releases the value with json_decref().  NULL: *fault says why.
 * `arena` serves strings with escapes while they are decoded.
 *
 * Within the top-level member `loose` (NULL: none) a string may hold what no text may: a NUL, half of a surrogate pair,
 * an unescaped control character.  Such a string is no valid UTF-8 or has controls, and is for its reader
 * to refuse (text_gate.h), so that one bad text spoils one record and not the whole body.  Names of members
 * have U+FFFD in those places. */
json_t *sv_json_build(const char *text, size_t length, const char *loose, unsigned weight_max, sv_arena_t *arena,
                      sv_json_fault_t *fault);

#endif
