#ifndef SV_FORMAT_OPTIONS_H
#define SV_FORMAT_OPTIONS_H

#include "core/base/json_reader.h"
#include "core/base/json_writer.h"
#include "core/report/files/format.h"
#include "core/store/store.h"

/* How a CSV is written; the other formats take no options, and carry the usual ones, so that requests compare equal. */
typedef struct {
    bool bom;       /* a byte order mark, for spreadsheets that need it */
    char delimiter; /* ',', ';', '\t' or '|' */
    bool raw;       /* texts that look like formulas are left as they are */
    char decimal;   /* '.' or ',' */
    bool titles;    /* the header has the columns' titles instead of their names */
} sv_format_options_t;

extern const sv_format_options_t sv_format_options_default;

/* One option: a flag, or one of some words, each of which stands for a character. */
typedef struct {
    const char *name;
    size_t offset;            /* in sv_format_options_t */
    const char *const *words; /* NULL-terminated; NULL: a flag */
    const char *characters;   /* in the order of the words */
} sv_format_option_t;

enum { SV_FORMAT_OPTIONS = 5 };
extern const sv_format_option_t sv_format_options[SV_FORMAT_OPTIONS];

bool *sv_format_option_flag(sv_format_options_t *options, const sv_format_option_t *option);
char *sv_format_option_character(sv_format_options_t *options, const sv_format_option_t *option);

/* What holds between options: numbers with a decimal comma are separated by semicolons unless another delimiter is
 * named, and cannot be by commas.  NULL, or what is wrong with the delimiter. */
const char *sv_format_options_settle(sv_format_options_t *options, bool delimiter_named);

/* The format that a body names, csv unless it does; one that is none is named as wrong. */
const sv_format_t *sv_format_read(const sv_json_fields_t *fields, sv_arena_t *arena);
/* The members of a body; options of a format that has none are named as wrong. */
void sv_format_options_read(const sv_json_fields_t *fields, const sv_format_t *format, sv_format_options_t *options);

/* In a job's params: the format and its options, and back; false for a format that is none. */
void sv_format_options_append(bson_t *params, const sv_format_t *format, const sv_format_options_t *options);
bool sv_format_options_load(const bson_t *params, const sv_format_t **format, sv_format_options_t *options,
                            sv_arena_t *arena);
/* The same as the API has it: members of an object that is open. */
void sv_format_options_write_json(sv_json_writer_t *w, const bson_t *params, sv_arena_t *arena);
/* The same for equal options. */
const char *sv_format_options_key(const sv_format_options_t *options, sv_arena_t *arena);

#endif
