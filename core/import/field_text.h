#ifndef SV_IMPORT_FIELD_TEXT_H
#define SV_IMPORT_FIELD_TEXT_H

#include "core/base/arena.h"

/*
 * Texts that describe, as they come out of other systems.  What people see stays, what only machines see goes: C1
 * characters are what Windows-1252 meant by them (U+0092 an apostrophe), other control characters are blanks, no-break
 * spaces and blanks at the ends are none.
 */

/* On one line: line breaks and tabs are blanks, and several of these one. */
const char *sv_field_text_line(const char *field, sv_arena_t *arena);

/* With its line breaks (LF) and tabs. */
const char *sv_field_text_paragraphs(const char *field, sv_arena_t *arena);

/* The field without blanks, tabs, line breaks, no-break spaces and byte-order marks at its ends; cut in place. */
char *sv_field_trim(char *field);

#endif
