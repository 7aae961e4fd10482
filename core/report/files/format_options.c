#include "core/report/files/format_options.h"

#include <string.h>

#include "core/store/document.h"

const sv_format_options_t sv_format_options_default = { .delimiter = ',', .decimal = '.' };

static const char *const sv_delimiter_words[] = { "comma", "semicolon", "tab", "pipe", NULL };
static const char *const sv_decimal_words[] = { "point", "comma", NULL };

const sv_format_option_t sv_format_options[SV_FORMAT_OPTIONS] = {
    { "bom", offsetof(sv_format_options_t, bom), NULL, NULL },
    { "delimiter", offsetof(sv_format_options_t, delimiter), sv_delimiter_words, ",;\t|" },
    { "raw", offsetof(sv_format_options_t, raw), NULL, NULL },
    { "decimal", offsetof(sv_format_options_t, decimal), sv_decimal_words, ".," },
    { "titles", offsetof(sv_format_options_t, titles), NULL, NULL },
};

bool *
sv_format_option_flag(sv_format_options_t *options, const sv_format_option_t *option)
{
    return (bool *) (void *) ((char *) options + option->offset);
}

char *
sv_format_option_character(sv_format_options_t *options, const sv_format_option_t *option)
{
    return (char *) options + option->offset;
}

const char *
sv_format_options_settle(sv_format_options_t *options, bool delimiter_named)
{
    if (options->decimal == ',' && !delimiter_named) {
        options->delimiter = ';';
    }
    return options->decimal == ',' && options->delimiter == ',' ? "cannot be comma where decimals have one" : NULL;
}

const sv_format_t *
sv_format_read(const sv_json_fields_t *fields, sv_arena_t *arena)
{
    const char **words = sv_arena_zalloc(arena, (sv_format_count + 1) * sizeof(words[0]));
    int index;

    for (size_t i = 0; i < sv_format_count; i++) {
        words[i] = sv_formats[i].name;
    }
    return sv_json_get_choice(fields, "format", SV_OPTIONAL, words, &index) ? &sv_formats[index] : sv_format("csv");
}

void
sv_format_options_read(const sv_json_fields_t *fields, const sv_format_t *format, sv_format_options_t *options)
{
    bool csv = format == NULL || strcmp(format->name, "csv") == 0, delimiter_named = false;
    const char *wrong;

    *options = sv_format_options_default;
    for (size_t i = 0; i < SV_FORMAT_OPTIONS; i++) {
        const sv_format_option_t *option = &sv_format_options[i];
        int index;

        if (!csv) {
            if (json_object_get(fields->object, option->name) != NULL) {
                sv_fail_field(fields->error, sv_json_field_path(fields, option->name), "not_allowed",
                              "is an option of csv only");
            }
        } else if (option->words == NULL) {
            sv_json_get_bool(fields, option->name, SV_OPTIONAL, sv_format_option_flag(options, option));
        } else if (sv_json_get_choice(fields, option->name, SV_OPTIONAL, option->words, &index)) {
            *sv_format_option_character(options, option) = option->characters[index];
            delimiter_named = delimiter_named || strcmp(option->name, "delimiter") == 0;
        }
    }
    wrong = sv_format_options_settle(options, delimiter_named);
    if (wrong != NULL) {
        sv_fail_field(fields->error, sv_json_field_path(fields, "delimiter"), "not_allowed", "%s", wrong);
    }
}

void
sv_format_options_append(bson_t *params, const sv_format_t *format, const sv_format_options_t *options)
{
    sv_format_options_t copy = *options;

    BSON_APPEND_UTF8(params, "format", format->name);
    for (size_t i = 0; i < SV_FORMAT_OPTIONS; i++) {
        const sv_format_option_t *option = &sv_format_options[i];

        if (option->words == NULL) {
            BSON_APPEND_BOOL(params, option->name, *sv_format_option_flag(&copy, option));
        } else {
            bson_append_utf8(params, option->name, -1, sv_format_option_character(&copy, option), 1);
        }
    }
}

/* Where the option's character stands among its words; -1: it is not there, or another release's. */
static int
sv_format_option_word(const bson_t *params, const sv_format_option_t *option, sv_arena_t *arena)
{
    const char *text = sv_doc_text(params, option->name, arena);
    const char *at = text != NULL && *text != '\0' ? strchr(option->characters, *text) : NULL;

    return at != NULL ? (int) (at - option->characters) : -1;
}

bool
sv_format_options_load(const bson_t *params, const sv_format_t **format, sv_format_options_t *options,
                       sv_arena_t *arena)
{
    *format = sv_format(sv_doc_text(params, "format", arena));
    *options = sv_format_options_default;
    for (size_t i = 0; i < SV_FORMAT_OPTIONS; i++) {
        const sv_format_option_t *option = &sv_format_options[i];
        int word;

        if (option->words == NULL) {
            *sv_format_option_flag(options, option) = sv_doc_bool(params, option->name);
        } else if ((word = sv_format_option_word(params, option, arena)) >= 0) {
            *sv_format_option_character(options, option) = option->characters[word];
        }
    }
    return *format != NULL;
}

void
sv_format_options_write_json(sv_json_writer_t *w, const bson_t *params, sv_arena_t *arena)
{
    sv_json_text(w, "format", sv_doc_text(params, "format", arena));
    for (size_t i = 0; i < SV_FORMAT_OPTIONS; i++) {
        const sv_format_option_t *option = &sv_format_options[i];
        int word;

        if (option->words == NULL) {
            sv_json_bool(w, option->name, sv_doc_bool(params, option->name));
        } else {
            word = sv_format_option_word(params, option, arena);
            sv_json_text(w, option->name, option->words[word >= 0 ? word : 0]);
        }
    }
}

const char *
sv_format_options_key(const sv_format_options_t *options, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%d%d%d%d%d", options->bom, options->raw, options->delimiter, options->decimal,
                           options->titles);
}
