#ifndef SV_MAILER_H
#define SV_MAILER_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/settings/settings.h"
#include "worker/mail/mail.h"

/*
 * Mail over SMTP: one connection for any number of mails, as SMTP_HOST and its kind say.  One thread at a time.
 */
typedef struct sv_mailer_s sv_mailer_t;

typedef enum {
    SV_MAIL_TAKEN,
    SV_MAIL_REFUSED,     /* for good (5xx) */
    SV_MAIL_DEFERRED,    /* for now (4xx) */
    SV_MAIL_UNREACHABLE, /* the server, or its certificate or the login: what holds for one mail holds for all */
    SV_MAIL_STOPPED,     /* `stop` said so */
} sv_mail_answer_t;

/* Asked while a mail is under way whether to break off. */
typedef bool (*sv_mail_stop_t)(const void *context);

/* NULL with SV_ERR_UNAVAILABLE: no mail server is set, its password cannot be read, no memory. */
sv_mailer_t *sv_mailer_open(const sv_settings_t *settings, sv_mail_stop_t stop, const void *context, sv_error_t *error);
/* *why, in the arena: what the server said, or what went wrong. */
sv_mail_answer_t sv_mailer_send(sv_mailer_t *mailer, const sv_mail_t *mail, sv_arena_t *arena, const char **why);
void sv_mailer_close(sv_mailer_t *mailer);

#endif
