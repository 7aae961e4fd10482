#ifndef SV_MESSAGE_H
#define SV_MESSAGE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "core/base/arena.h"
#include "worker/mail/mail.h"

/* A mail as RFC 5322 and MIME write it; for the mailer alone. */

/* To, From, Subject, Date, Message-ID.  NULL: no memory. */
struct curl_slist *sv_message_headers(const sv_mail_t *mail, const char *from, int64_t now_ms, sv_arena_t *arena);

/* The text, and the file.  NULL: no memory, or the file cannot be read. */
curl_mime *sv_message_parts(CURL *curl, const sv_mail_t *mail, sv_arena_t *arena);

/* A header's text: as it is where it is plain, else in encoded words (RFC 2047).  It never ends the header. */
const char *sv_message_encode(const char *text, sv_arena_t *arena);

#endif
