#ifndef SV_SETTINGS_MARKDOWN_H
#define SV_SETTINGS_MARKDOWN_H

#include <stdio.h>

#include "core/settings/settings.h"

enum { SV_SETTING_MARKDOWN_SIZE = 1024 };

/* One setting's row of the reference table (no line break), truncated to the buffer. */
void sv_setting_markdown_row(const sv_setting_row_t *row, char text[SV_SETTING_MARKDOWN_SIZE]);

/* The reference table of every setting, in Markdown: what docs/configuration.md holds. */
void sv_settings_markdown(FILE *out);

#endif
