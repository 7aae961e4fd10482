#include "core/settings/settings.h"

#include <stdio.h>

#include "core/settings/settings_markdown.h"
#include "ctl/ctl.h"

static void
sv_settings_print(const sv_ctl_t *ctl, const sv_setting_row_t *row)
{
    const char *at = (const char *) &ctl->settings + row->offset;
    const char *text;

    switch (row->type) {
    case SV_SETTING_IS_TEXT:
        printf("%s=%s\n", row->environment, *(const char *const *) at);
        return;
    case SV_SETTING_IS_SECRET:
        text = *(const char *const *) at;
        printf("%s=%s\n", row->environment, text[0] == '\0' ? "" : "(not shown)");
        return;
    case SV_SETTING_IS_NUMBER:
        printf("%s=%lld\n", row->environment, (long long) *(const int64_t *) at);
        return;
    case SV_SETTING_IS_FLAG:
        printf("%s=%s\n", row->environment, *(const bool *) at ? "on" : "off");
        return;
    }
}

int
sv_ctl_settings(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    bool markdown = false;
    const sv_ctl_option_t option = { "--markdown", NULL, &markdown };

    if (!sv_ctl_options(command, argc, argv, &option, 1, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (markdown) {
        sv_settings_markdown(stdout);
        return SV_CTL_DONE;
    }
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        sv_settings_print(ctl, &sv_setting_rows[i]);
    }
    return SV_CTL_DONE;
}
