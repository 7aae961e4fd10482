#ifndef SV_BASE_JSON_READER_H
#define SV_BASE_JSON_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/quantity.h"

/*
 * Reads a request's JSON into jansson values (json_parser.h) and says what is
 * wrong by field path.
 * Refused as SV_ERR_JSON_INVALID: syntax, NUL, invalid UTF-8, duplicate keys,
 * NaN and numbers out of range, nesting deeper than 32, anything
 * behind the value; the message says where.
 */
json_t *sv_json_parse(const char *text, size_t length, sv_error_t *error);
/* As above, and the value must be an object; released with the arena. */
const json_t *sv_json_parse_object(const char *text, size_t length, sv_arena_t *arena, sv_error_t *error);
/* As above; texts within the member `loose` may be none, and their reader must refuse them (json_parser.h). */
const json_t *
sv_json_parse_object_loosely(const char *text, size_t length, const char *loose, sv_arena_t *arena, sv_error_t *error);
/* As above, of many more values: for files, which only few people send. */
const json_t *
sv_json_parse_object_of_many(const char *text, size_t length, const char *loose, sv_arena_t *arena, sv_error_t *error);

/* One object being read; `path` is "" at the top and "records[3]" below, so a
 * wrong member is reported as "records[3].verified_qty". */
typedef struct {
    const json_t *object;
    const char *path;
    sv_error_t *error; /* wrong fields are added with sv_fail_field */
} sv_json_fields_t;

/* Whether a member must be there.  null counts as absent. */
typedef enum { SV_OPTIONAL = 0, SV_REQUIRED = 1 } sv_presence_t;

/* Each getter returns true when the member is present and good and has set
 * *value; false when absent (with SV_REQUIRED also an error "required") or
 * wrong (an error: wrong_type, too_short, too_long, out_of_range, not_exact,
 * invalid_character, invalid_format, not_allowed, negative).
 * Texts have passed the gate (text_gate.h); they point into the json_t or into the error's arena.
 * Lengths are those behind the gate. */
bool sv_json_get_text(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t min_characters,
                      size_t max_characters, const char **value);
/* Free text (remarks): line breaks and tabs allowed, other control characters not. */
bool sv_json_get_note(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                      const char **value);
/* A code or an id: 1..max characters. */
bool sv_json_get_identifier(const sv_json_fields_t *fields, const char *name, sv_presence_t presence,
                            size_t max_characters, const char **value);
/* A user's name: as an identifier, but nobody scans it. */
bool sv_json_get_name(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                      const char **value);
/* A password, a PIN, a token: as it was sent, without control characters; no gate changes it. */
bool sv_json_get_secret(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t min_characters,
                        size_t max_characters, const char **value);
bool sv_json_get_bool(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, bool *value);
bool sv_json_get_int(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t min, int64_t max,
                     int64_t *value);
/* Negative quantities are an error ("negative") unless allow_negative. */
bool sv_json_get_quantity(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, bool allow_negative,
                          sv_quantity_t *value);
bool sv_json_get_time(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t *ms);
bool sv_json_get_date(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t *ms);
/* One of `words` (NULL-terminated); *index is its place. */
bool sv_json_get_choice(const sv_json_fields_t *fields, const char *name, sv_presence_t presence,
                        const char *const *words, int *index);
/* An array of at most max elements; the elements are for the caller to read. */
bool sv_json_get_array(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max,
                       const json_t **value);
bool sv_json_get_object(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, const json_t **value);
/* An array of identifiers; *values is an arena array of *count texts. */
bool
sv_json_get_identifiers(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_elements,
                        size_t max_characters, sv_arena_t *arena, const char ***values, size_t *count);

/* "path.name" or "name", in the error's arena. */
const char *sv_json_field_path(const sv_json_fields_t *fields, const char *name);

#endif
