#include "core/erp/statement.h"

#include <string.h>

#include "core/base/buffer.h"

static const char sv_name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* Where a quotation, comment or bracketed name that begins at `text` ends; `text` itself when none begins there, NULL
 * when it has no end. */
static const char *
sv_quoted_end(const char *text)
{
    static const struct {
        const char *begin, *end;
        bool may_be_last; /* the end of the statement ends it too */
    } kinds[] = {
        { "'", "'", false },  { "\"", "\"", false }, { "`", "`", false },
        { "--", "\n", true }, { "/*", "*/", false }, { "[", "]", false },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t length = strlen(kinds[i].begin);

        if (strncmp(text, kinds[i].begin, length) == 0) {
            const char *end = strstr(text + length, kinds[i].end);

            if (end == NULL) {
                return kinds[i].may_be_last ? text + strlen(text) : NULL;
            }
            return end + strlen(kinds[i].end);
        }
    }
    return text;
}

static long
sv_lines_to(const char *from, const char *to)
{
    long lines = 0;

    for (; from < to; from++) {
        lines += *from == '\n';
    }
    return lines;
}

/* Takes the name behind a colon; the place behind it, NULL when there is no room for more. */
static const char *
sv_parameter_take(const char *name, sv_arena_t *arena, sv_erp_statement_t *statement)
{
    size_t length = strspn(name, sv_name_letters);

    if (statement->parameter_count == SV_ERP_MAX_PARAMETERS) {
        return NULL;
    }
    statement->parameters[statement->parameter_count++] = sv_arena_strndup(arena, name, length);
    return name + length;
}

/* Blanks and a semicolon at the end mean nothing, and some drivers refuse them. */
static void
sv_statement_trim(sv_buffer_t *sql)
{
    while (sql->length > 0 && strchr(" \t\r\n;", sql->data[sql->length - 1]) != NULL) {
        sql->data[--sql->length] = '\0';
    }
}

bool
sv_erp_statement_parse(const char *sql, sv_arena_t *arena, sv_erp_statement_t *statement, const char **fault,
                       long *fault_line)
{
    const char *at = sql, *begun = sql;
    sv_buffer_t out;

    *fault = NULL;
    statement->parameter_count = 0;
    sv_buffer_init(&out, arena, strlen(sql) + 1);
    while (*fault == NULL && *at != '\0') {
        const char *end = sv_quoted_end(at);

        begun = at;
        if (end == NULL) {
            *fault = "a quotation, comment or bracket has no end";
        } else if (end > at) {
            sv_buffer_append(&out, at, (size_t) (end - at));
            at = end;
        } else if (*at == '?') {
            *fault = "parameters have names here, as :code";
        } else if (at[0] == ':' && at[1] == ':') {
            sv_buffer_puts(&out, "::");
            at += 2;
        } else if (at[0] == ':' && at[1] >= 'a' && at[1] <= 'z') {
            at = sv_parameter_take(at + 1, arena, statement);
            *fault = at == NULL ? "it has too many parameters" : NULL;
            sv_buffer_putc(&out, '?');
        } else {
            sv_buffer_putc(&out, *at++);
        }
    }
    if (*fault != NULL) {
        *fault_line = sv_lines_to(sql, begun);
        return false;
    }
    sv_statement_trim(&out);
    statement->sql = out.length > 0 ? out.data : "";
    return true;
}

bool
sv_erp_statement_has(const sv_erp_statement_t *statement, const char *parameter)
{
    for (size_t i = 0; i < statement->parameter_count; i++) {
        if (strcmp(statement->parameters[i], parameter) == 0) {
            return true;
        }
    }
    return false;
}
