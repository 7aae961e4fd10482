#include "core/settings/settings_check_mail.h"

#include <string.h>

#include "core/base/mail_address.h"

static sv_status_t
sv_settings_check_public_url(const sv_settings_t *settings, sv_error_t *error)
{
    const char *url = settings->public_url;
    size_t length = strlen(url);
    bool good = strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;

    if (length > 0 && (!good || url[length - 1] == '/' || strpbrk(url, " \t?#\"<>") != NULL)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "PUBLIC_URL is \"%s\": it must be as https://stock.example.com, without a slash at its end",
                       url);
    }
    return SV_OK;
}

sv_status_t
sv_settings_check_mail(const sv_settings_t *settings, sv_error_t *error)
{
    static const char *const ways[] = { "starttls", "tls", "none" };
    size_t i = 0;

    while (i < sizeof(ways) / sizeof(ways[0]) && strcmp(settings->smtp_tls, ways[i]) != 0) {
        i++;
    }
    if (i == sizeof(ways) / sizeof(ways[0])) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "SMTP_TLS is \"%s\": it must be starttls, tls or none",
                       settings->smtp_tls);
    }
    if (settings->smtp_host[0] != '\0' && !sv_mail_address_valid(settings->mail_from)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "MAIL_FROM is \"%s\": with SMTP_HOST it must be a mail address",
                       settings->mail_from);
    }
    if (settings->smtp_user[0] != '\0' && settings->smtp_password_file[0] == '\0') {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "SMTP_USER needs SMTP_PASSWORD_FILE");
    }
    return sv_settings_check_public_url(settings, error);
}
