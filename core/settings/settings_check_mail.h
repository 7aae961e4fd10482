#ifndef SV_SETTINGS_CHECK_MAIL_H
#define SV_SETTINGS_CHECK_MAIL_H

#include "core/settings/settings.h"

/* The part of sv_settings_check() that is about mail. */
sv_status_t sv_settings_check_mail(const sv_settings_t *settings, sv_error_t *error);

#endif
