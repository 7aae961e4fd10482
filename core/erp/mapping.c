#include "core/erp/mapping.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/buffer.h"
#include "core/base/text.h"
#include "core/base/text_gate.h"
#include "core/erp/field.h"
#include "core/erp/statement.h"

static const struct {
    const char *section;
    const char *required;
    const char *optional;
} sv_erp_rules[] = {
#define SV_ERP_STATEMENT(name, section, required, optional) { section, required, optional },
#include "core/erp/statements.def"
#undef SV_ERP_STATEMENT
};

typedef enum { SV_SECTION_NONE, SV_SECTION_ERP, SV_SECTION_COLUMNS, SV_SECTION_STATEMENT } sv_section_t;

typedef struct {
    const char *name; /* of the file */
    long line;
    sv_arena_t *arena;
    sv_erp_mapping_t *mapping;
    sv_error_t *error;
    sv_section_t section;
    bool seen_erp, seen_columns;
    const char *given[4]; /* settings of [erp] so far */
    size_t given_count;
    sv_erp_kind_t kind; /* of the statement under way */
    long begun;         /* its section's line */
    sv_buffer_t sql;
} sv_mapping_reader_t;

const char *
sv_erp_kind_name(sv_erp_kind_t kind)
{
    return sv_erp_rules[kind].section;
}

const char *
sv_erp_mapping_field(const sv_erp_mapping_t *mapping, const char *column)
{
    char *name;

    for (size_t i = 0; i < mapping->column_count; i++) {
        if (strcasecmp(mapping->columns[i].column, column) == 0) {
            return mapping->columns[i].field;
        }
    }
    if (strlen(column) > 64) {
        return NULL;
    }
    /* A column with a field's own name is that field, unless the file gives the field another. */
    name = strdupa(column);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char) (*c - 'A' + 'a') : *c;
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        if (strcmp(mapping->columns[i].field, name) == 0) {
            return NULL;
        }
    }
    return sv_erp_field_name(name);
}

static sv_status_t
sv_mapping_fault(sv_mapping_reader_t *reader, long line, const char *what, const char *word)
{
    return sv_fail(reader->error, SV_ERR_VALIDATION_FAILED, "%s:%ld: %s%s%.80s", reader->name, line, what,
                   word != NULL ? ": " : "", word != NULL ? word : "");
}

/* Whether `word` stands in a list of words with blanks between them. */
static bool
sv_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " ")) {
        if (strncmp(at, word, length) == 0 && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static sv_status_t
sv_statement_check(sv_mapping_reader_t *reader, const sv_erp_statement_t *statement)
{
    const char *required = sv_erp_rules[reader->kind].required, *optional = sv_erp_rules[reader->kind].optional;
    char *words = sv_arena_strdup(reader->arena, required), *rest = NULL;

    for (size_t i = 0; i < statement->parameter_count; i++) {
        if (!sv_list_has(required, statement->parameters[i]) && !sv_list_has(optional, statement->parameters[i])) {
            return sv_mapping_fault(reader, reader->begun, "this statement is given no such parameter",
                                    statement->parameters[i]);
        }
    }
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (!sv_erp_statement_has(statement, word)) {
            return sv_mapping_fault(reader, reader->begun, "the statement lacks the parameter", word);
        }
    }
    return SV_OK;
}

/* The section that ends: a statement is complete. */
static sv_status_t
sv_section_end(sv_mapping_reader_t *reader)
{
    sv_erp_statement_t *statement = &reader->mapping->statements[reader->kind];
    const char *fault;
    long fault_line = 0;

    if (reader->section != SV_SECTION_STATEMENT) {
        return SV_OK;
    }
    if (!sv_erp_statement_parse(reader->sql.data, reader->arena, statement, &fault, &fault_line)) {
        return sv_mapping_fault(reader, reader->begun + 1 + fault_line, fault, NULL);
    }
    if (statement->sql[0] == '\0') {
        return sv_mapping_fault(reader, reader->begun, "the section has no statement", NULL);
    }
    statement->line = reader->begun + 1;
    return sv_statement_check(reader, statement);
}

static sv_status_t
sv_section_begin(sv_mapping_reader_t *reader, const char *name)
{
    if (sv_section_end(reader) != SV_OK) {
        return reader->error->status;
    }
    reader->begun = reader->line;
    if (strcmp(name, "erp") == 0 && !reader->seen_erp) {
        reader->section = SV_SECTION_ERP;
        reader->seen_erp = true;
        return SV_OK;
    }
    if (strcmp(name, "columns") == 0 && !reader->seen_columns) {
        reader->section = SV_SECTION_COLUMNS;
        reader->seen_columns = true;
        return SV_OK;
    }
    for (size_t i = 0; i < SV_ERP_STATEMENT_COUNT; i++) {
        if (strcmp(sv_erp_rules[i].section, name) == 0 && reader->mapping->statements[i].sql == NULL) {
            reader->section = SV_SECTION_STATEMENT;
            reader->kind = (sv_erp_kind_t) i;
            sv_buffer_init(&reader->sql, reader->arena, 1024);
            sv_buffer_puts(&reader->sql, "");
            return SV_OK;
        }
    }
    return sv_mapping_fault(reader, reader->line, "the section is unknown, or there twice", name);
}

static sv_status_t
sv_setting_take(sv_mapping_reader_t *reader, const char *name, const char *value)
{
    sv_erp_mapping_t *mapping = reader->mapping;

    for (size_t i = 0; i < reader->given_count; i++) {
        if (strcmp(reader->given[i], name) == 0) {
            return sv_mapping_fault(reader, reader->line, "the setting is there twice", name);
        }
    }
    if (strcmp(name, "encoding") == 0 && (strcmp(value, "utf-8") == 0 || strcmp(value, "utf-16") == 0)) {
        mapping->utf8 = value[4] == '8';
    } else if (strcmp(name, "decimal") == 0 && (strcmp(value, "point") == 0 || strcmp(value, "comma") == 0)) {
        mapping->decimal = value[0] == 'c' ? ',' : '.';
    } else if (strcmp(name, "warehouse") == 0 &&
               (mapping->warehouse = sv_text_pass(SV_TEXT_NAME, value, 64, reader->arena)) != NULL) {
    } else {
        return sv_mapping_fault(reader, reader->line,
                                "[erp] takes encoding = utf-16 or utf-8, decimal = point or "
                                "comma, warehouse = NAME; not",
                                name);
    }
    reader->given[reader->given_count++] = name;
    return SV_OK;
}

static sv_status_t
sv_column_take(sv_mapping_reader_t *reader, const char *field, const char *column)
{
    sv_erp_mapping_t *mapping = reader->mapping;

    if (sv_erp_field(field) == SV_ERP_FIELD_NONE) {
        return sv_mapping_fault(reader, reader->line, "there is no such field", field);
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        if (strcmp(mapping->columns[i].field, field) == 0 || strcasecmp(mapping->columns[i].column, column) == 0) {
            return sv_mapping_fault(reader, reader->line, "the field or its column is there twice", field);
        }
    }
    if (mapping->column_count == SV_ERP_MAX_COLUMNS) {
        return sv_mapping_fault(reader, reader->line, "there are too many columns", NULL);
    }
    mapping->columns[mapping->column_count++] = (sv_erp_column_t){ .field = field, .column = column };
    return SV_OK;
}

/* "name = value" */
static sv_status_t
sv_assignment_take(sv_mapping_reader_t *reader, char *line)
{
    char *equals = strchr(line, '='), *name, *value;

    if (equals == NULL) {
        return sv_mapping_fault(reader, reader->line, "NAME = VALUE is wanted here", line);
    }
    *equals = '\0';
    name = sv_text_strip(line, " \t\r");
    value = sv_text_strip(equals + 1, " \t\r");
    if (name[0] == '\0' || value[0] == '\0') {
        return sv_mapping_fault(reader, reader->line, "NAME = VALUE is wanted here", name);
    }
    return reader->section == SV_SECTION_ERP ? sv_setting_take(reader, name, value)
                                             : sv_column_take(reader, name, value);
}

/* "[lookup]" alone on its line: the name between the brackets.  `[dbo].[Items]` and `[Items]` are of a statement. */
static char *
sv_section_name(char *line)
{
    size_t length = strspn(line[0] == '[' ? line + 1 : "", "abcdefghijklmnopqrstuvwxyz_");

    if (length == 0 || line[1 + length] != ']' || line[2 + length] != '\0') {
        return NULL;
    }
    line[1 + length] = '\0';
    return line + 1;
}

static sv_status_t
sv_line_take(sv_mapping_reader_t *reader, char *line)
{
    char *trimmed, *section;

    if (line[0] == '#') {
        line[0] = '\0'; /* its line still counts in a statement */
    }
    if (reader->section == SV_SECTION_STATEMENT && line[0] != '[') {
        sv_buffer_puts(&reader->sql, line);
        sv_buffer_putc(&reader->sql, '\n');
        return SV_OK;
    }
    trimmed = sv_text_strip(line, " \t\r");
    if (trimmed[0] == '\0') {
        return SV_OK;
    }
    section = sv_section_name(trimmed);
    if (section != NULL) {
        return sv_section_begin(reader, section);
    }
    if (reader->section == SV_SECTION_STATEMENT) {
        sv_buffer_puts(&reader->sql, line);
        sv_buffer_putc(&reader->sql, '\n');
        return SV_OK;
    }
    if (reader->section == SV_SECTION_NONE) {
        return sv_mapping_fault(reader, reader->line, "a section is wanted first, as [lookup]", trimmed);
    }
    return sv_assignment_take(reader, trimmed);
}

sv_status_t
sv_erp_mapping_parse(const char *name, const char *text, size_t length, sv_arena_t *arena, sv_erp_mapping_t *mapping,
                     sv_error_t *error)
{
    sv_mapping_reader_t reader = { .name = name, .arena = arena, .mapping = mapping, .error = error };
    char *copy, *next;

    *mapping = (sv_erp_mapping_t){ .decimal = '.' };
    if (!sv_utf8_valid(text, length)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: it is not UTF-8", name);
    }
    copy = sv_arena_strndup(arena, text, length);
    for (char *line = copy; line != NULL && error->status == SV_OK; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        reader.line++;
        sv_line_take(&reader, line);
    }
    if (error->status != SV_OK || sv_section_end(&reader) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < SV_ERP_STATEMENT_COUNT; i++) {
        if (mapping->statements[i].sql != NULL) {
            return SV_OK;
        }
    }
    return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: it has no statement", name);
}

sv_status_t
sv_erp_mapping_read(const char *path, sv_arena_t *arena, sv_erp_mapping_t *mapping, sv_error_t *error)
{
    char *text = sv_arena_alloc(arena, SV_ERP_MAPPING_MAX + 1);
    FILE *file = fopen(path, "re");
    size_t length;
    bool bad;

    if (file == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: %s", path, strerror(errno));
    }
    length = fread(text, 1, SV_ERP_MAPPING_MAX + 1, file);
    bad = ferror(file) != 0;
    fclose(file);
    if (bad || length > SV_ERP_MAPPING_MAX) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: it cannot be read, or is larger than %d bytes", path,
                       SV_ERP_MAPPING_MAX);
    }
    return sv_erp_mapping_parse(path, text, length, arena, mapping, error);
}
