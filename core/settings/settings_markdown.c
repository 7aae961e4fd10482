#include "core/settings/settings_markdown.h"

/* "`60` s", "`on`", "`HS256`", or "not set". */
static void
sv_setting_markdown_default(const sv_setting_row_t *row, char *text, size_t size)
{
    switch (row->type) {
    case SV_SETTING_IS_NUMBER:
        snprintf(text, size, "`%lld`%s%s", (long long) row->number_default, row->unit[0] != '\0' ? " " : "", row->unit);
        return;
    case SV_SETTING_IS_FLAG:
        snprintf(text, size, "`%s`", row->number_default != 0 ? "on" : "off");
        return;
    case SV_SETTING_IS_TEXT:
    case SV_SETTING_IS_SECRET:
        break;
    }
    if (row->text_default[0] == '\0') {
        snprintf(text, size, "not set");
    } else {
        snprintf(text, size, "`%s`", row->text_default);
    }
}

static void
sv_setting_markdown_range(const sv_setting_row_t *row, char *text, size_t size)
{
    switch (row->type) {
    case SV_SETTING_IS_NUMBER:
        snprintf(text, size, "%lld to %lld", (long long) row->min, (long long) row->max);
        return;
    case SV_SETTING_IS_FLAG:
        snprintf(text, size, "on, off");
        return;
    case SV_SETTING_IS_TEXT:
    case SV_SETTING_IS_SECRET:
        break;
    }
    snprintf(text, size, "text");
}

void
sv_setting_markdown_row(const sv_setting_row_t *row, char text[SV_SETTING_MARKDOWN_SIZE])
{
    char value[160], range[64];

    sv_setting_markdown_default(row, value, sizeof(value));
    sv_setting_markdown_range(row, range, sizeof(range));
    snprintf(text, SV_SETTING_MARKDOWN_SIZE, "| `%s` | `%s` | %s | %s | %s |", row->directive, row->environment, value,
             range, row->text);
}

void
sv_settings_markdown(FILE *out)
{
    char text[SV_SETTING_MARKDOWN_SIZE];

    fputs("| Directive | Environment | Default | Range | What it is |\n| --- | --- | --- | --- | --- |\n", out);
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        sv_setting_markdown_row(&sv_setting_rows[i], text);
        fprintf(out, "%s\n", text);
    }
}
