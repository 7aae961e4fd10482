#ifndef SV_BASE_TEXT_H
#define SV_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool sv_utf8_valid(const char *text, size_t length);
/* Bytes of the well-formed sequence `text` begins with (NUL counts as one); 0 when it begins with none. */
size_t sv_utf8_sequence(const char *text, size_t length);
/* Characters (code points) of valid UTF-8. */
size_t sv_utf8_length(const char *text);
/* Whether valid UTF-8 holds a control character (C0, DEL, C1) other than those in `allowed`. */
bool sv_utf8_has_control(const char *text, const char *allowed);

/* The text without these characters at its ends; cut in place. */
char *sv_text_strip(char *text, const char *blanks);

/* An identifier a client or an operator chose: 1..max characters of valid UTF-8,
 * no control characters, no leading or trailing blanks. */
bool sv_identifier_valid(const char *text, size_t max_characters);

/* Percent-decoding of a path segment or query part, in place semantics: writes at
 * most `length` bytes plus NUL to `out`.  '+' is a blank only when plus_is_blank.
 * Returns the decoded length, or -1 on a bad escape, NUL, or invalid UTF-8. */
long sv_percent_decode(const char *text, size_t length, bool plus_is_blank, char *out);

/* The text as a path segment: all but letters, digits and - . _ ~ percent-encoded. */
const char *sv_percent_encode(const char *text, sv_arena_t *arena);

#endif
