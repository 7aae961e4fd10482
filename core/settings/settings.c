#include "core/settings/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

enum { SV_SETTINGS_LINE_SIZE = 4096 };

static void *
sv_setting_member(sv_settings_t *settings, const sv_setting_row_t *row)
{
    return (char *) settings + row->offset;
}

void
sv_settings_defaults(sv_settings_t *settings)
{
    *settings = (sv_settings_t){ .redis_password = NULL };
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        const sv_setting_row_t *row = &sv_setting_rows[i];
        void *member = sv_setting_member(settings, row);

        switch (row->type) {
        case SV_SETTING_IS_TEXT:
        case SV_SETTING_IS_SECRET:
            *(const char **) member = row->text_default;
            break;
        case SV_SETTING_IS_NUMBER:
            *(int64_t *) member = row->number_default;
            break;
        case SV_SETTING_IS_FLAG:
            *(bool *) member = row->number_default != 0;
            break;
        }
    }
}

const sv_setting_row_t *
sv_setting_find(const char *name)
{
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        const sv_setting_row_t *row = &sv_setting_rows[i];

        if (strcmp(name, row->directive) == 0 || strcmp(name, row->environment) == 0) {
            return row;
        }
    }
    return NULL;
}

/* "60" or "60s" where the unit is seconds: a plain count, or followed by the setting's own unit. */
static bool
sv_setting_parse_number(const sv_setting_row_t *row, const char *value, int64_t *number)
{
    bool negative = *value == '-';
    char *end;

    if (!isdigit((unsigned char) value[negative])) {
        return false; /* strtoll would take blanks and a plus */
    }
    errno = 0;
    *number = strtoll(value, &end, 10);
    return errno == 0 && (*end == '\0' || (row->unit[0] != '\0' && strcmp(end, row->unit) == 0));
}

static bool
sv_setting_parse_flag(const char *value, bool *flag)
{
    static const struct {
        const char *word;
        bool flag;
    } words[] = {
        { "on", true }, { "off", false }, { "true", true }, { "false", false }, { "1", true }, { "0", false }
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(value, words[i].word) == 0) {
            *flag = words[i].flag;
            return true;
        }
    }
    return false;
}

static sv_status_t
sv_setting_assign_text(const char **member, const sv_setting_row_t *row, const char *value, sv_arena_t *arena,
                       sv_error_t *error)
{
    if (!sv_utf8_valid(value, strlen(value)) || sv_utf8_has_control(value, "")) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s (%s) must be text without control characters",
                       row->environment, row->directive);
    }
    *member = sv_arena_strdup(arena, value);
    return SV_OK;
}

sv_status_t
sv_setting_assign(sv_settings_t *settings, const sv_setting_row_t *row, const char *value, sv_arena_t *arena,
                  sv_error_t *error)
{
    void *member = sv_setting_member(settings, row);
    int64_t number;

    switch (row->type) {
    case SV_SETTING_IS_NUMBER:
        if (!sv_setting_parse_number(row, value, &number) || number < row->min || number > row->max) {
            return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                           "%s (%s) is \"%s\"; it must be a whole number from %lld to %lld%s%s", row->environment,
                           row->directive, value, (long long) row->min, (long long) row->max,
                           row->unit[0] != '\0' ? " " : "", row->unit);
        }
        *(int64_t *) member = number;
        return SV_OK;
    case SV_SETTING_IS_FLAG:
        if (!sv_setting_parse_flag(value, member)) {
            return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s (%s) is \"%s\"; it must be on or off", row->environment,
                           row->directive, value);
        }
        return SV_OK;
    case SV_SETTING_IS_TEXT:
    case SV_SETTING_IS_SECRET:
        break;
    }
    return sv_setting_assign_text(member, row, value, arena, error);
}

static char *
sv_trim(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
        length--;
    }
    text[length] = '\0';
    return text;
}

/* One line of a settings file: blank, a comment, or NAME=VALUE. */
static sv_status_t
sv_settings_read_line(sv_settings_t *settings, char *line, sv_arena_t *arena, sv_error_t *error)
{
    const sv_setting_row_t *row;
    char *name = sv_trim(line), *value;

    if (*name == '\0' || *name == '#') {
        return SV_OK;
    }
    value = strchr(name, '=');
    if (value == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "a line must be NAME=VALUE");
    }
    *value++ = '\0';
    name = sv_trim(name);
    value = sv_trim(value);
    if (strcmp(name, "REDIS_PASSWORD") == 0) {
        settings->redis_password = *value != '\0' ? sv_arena_strdup(arena, value) : NULL;
        return SV_OK;
    }
    row = sv_setting_find(name);
    if (row == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "there is no setting %s", name);
    }
    return sv_setting_assign(settings, row, value, arena, error);
}

/* Puts "FILE:LINE: " before what a line's reader said. */
static sv_status_t
sv_settings_at_line(sv_error_t *error, const char *file, long number)
{
    const char *message = error->message != NULL ? error->message : sv_status_message(error->status);

    error->message = sv_arena_printf(error->arena, "%s:%ld: %s", file, number, message);
    return error->status;
}

static sv_status_t
sv_settings_read_stream(sv_settings_t *settings, FILE *stream, const char *file, sv_arena_t *arena, sv_error_t *error)
{
    char line[SV_SETTINGS_LINE_SIZE];
    long number = 0;

    while (fgets(line, sizeof(line), stream) != NULL) {
        number++;
        if (strchr(line, '\n') == NULL && !feof(stream)) {
            sv_fail(error, SV_ERR_VALIDATION_FAILED, "the line is longer than %d bytes, or holds a NUL",
                    SV_SETTINGS_LINE_SIZE - 2);
            return sv_settings_at_line(error, file, number);
        }
        if (sv_settings_read_line(settings, line, arena, error) != SV_OK) {
            return sv_settings_at_line(error, file, number);
        }
    }
    return ferror(stream) ? sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s cannot be read", file) : SV_OK;
}

static sv_status_t
sv_settings_read_file(sv_settings_t *settings, const char *file, sv_arena_t *arena, sv_error_t *error)
{
    FILE *stream = fopen(file, "re");
    sv_status_t status;

    if (stream == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s cannot be opened: %s", file, strerror(errno));
    }
    status = sv_settings_read_stream(settings, stream, file, arena, error);
    fclose(stream);
    return status;
}

/* An empty variable counts as not set: service managers often pass those along. */
static sv_status_t
sv_settings_read_environment(sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error)
{
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        const char *value = getenv(sv_setting_rows[i].environment);

        if (value == NULL || *value == '\0') {
            continue;
        }
        if (sv_setting_assign(settings, &sv_setting_rows[i], value, arena, error) != SV_OK) {
            error->message = sv_arena_printf(error->arena, "environment: %s", error->message);
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_settings_load(sv_settings_t *settings, const char *file, sv_arena_t *arena, sv_error_t *error)
{
    sv_settings_defaults(settings);
    if (file != NULL && sv_settings_read_file(settings, file, arena, error) != SV_OK) {
        return error->status;
    }
    if (sv_settings_read_environment(settings, arena, error) != SV_OK) {
        return error->status;
    }
    return sv_settings_check(settings, arena, error);
}
