#include "worker/mail/mailer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/settings/secret_file.h"
#include "worker/mail/message.h"

enum { SV_CONNECT_TIMEOUT_S = 15, SV_REPLY_MAX = 256 };

struct sv_mailer_s {
    CURL *curl;
    const sv_settings_t *settings;
    sv_mail_stop_t stop;
    const void *context;
    char said[SV_REPLY_MAX]; /* the server's last line of refusal */
    char problem[CURL_ERROR_SIZE];
};

static void
sv_mailer_begin_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Each line the server says; the last that refused something tells why, as there may be a farewell behind it. */
static size_t
sv_mailer_hear(char *line, size_t size, size_t count, void *context)
{
    sv_mailer_t *mailer = context;
    size_t length = size * count, kept = length < SV_REPLY_MAX ? length : SV_REPLY_MAX - 1;

    if (length == 0 || (line[0] != '4' && line[0] != '5')) {
        return length;
    }
    memcpy(mailer->said, line, kept);
    while (kept > 0 && (mailer->said[kept - 1] == '\r' || mailer->said[kept - 1] == '\n')) {
        kept--;
    }
    mailer->said[kept] = '\0';
    return length;
}

static int
sv_mailer_watch(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const sv_mailer_t *mailer = context;

    (void) down_total;
    (void) down;
    (void) up_total;
    (void) up;
    return mailer->stop != NULL && mailer->stop(mailer->context) ? 1 : 0;
}

static sv_status_t
sv_mailer_set_login(sv_mailer_t *mailer, sv_error_t *error)
{
    const sv_settings_t *settings = mailer->settings;
    const char *password;
    size_t length;

    if (settings->smtp_user[0] == '\0') {
        return SV_OK;
    }
    if (sv_secret_file_read(settings->smtp_password_file, error->arena, &password, &length, error) != SV_OK) {
        const char *reason = error->message;

        sv_error_clear(error);
        return sv_fail(error, SV_ERR_UNAVAILABLE, "SMTP_PASSWORD_FILE: %s", reason);
    }
    curl_easy_setopt(mailer->curl, CURLOPT_USERNAME, settings->smtp_user);
    curl_easy_setopt(mailer->curl, CURLOPT_PASSWORD, password);
    return SV_OK;
}

static void
sv_mailer_set_server(sv_mailer_t *mailer, sv_arena_t *arena)
{
    const sv_settings_t *settings = mailer->settings;
    const char *host = settings->smtp_host;
    bool tls = strcmp(settings->smtp_tls, "tls") == 0, starttls = strcmp(settings->smtp_tls, "starttls") == 0;
    bool bare_ipv6 = strchr(host, ':') != NULL && host[0] != '[';

    curl_easy_setopt(mailer->curl, CURLOPT_URL,
                     sv_arena_printf(arena, "%s://%s%s%s:%lld", tls ? "smtps" : "smtp", bare_ipv6 ? "[" : "", host,
                                     bare_ipv6 ? "]" : "", (long long) settings->smtp_port));
    curl_easy_setopt(mailer->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    /* A connection that was to be encrypted and is not, is none: nobody in between may talk it out of TLS. */
    curl_easy_setopt(mailer->curl, CURLOPT_USE_SSL, (long) (starttls || tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(mailer->curl, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    if (settings->smtp_ca_file[0] != '\0') {
        curl_easy_setopt(mailer->curl, CURLOPT_CAINFO, settings->smtp_ca_file);
    }
}

static void
sv_mailer_set_ways(sv_mailer_t *mailer)
{
    curl_easy_setopt(mailer->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(mailer->curl, CURLOPT_CONNECTTIMEOUT, (long) SV_CONNECT_TIMEOUT_S);
    curl_easy_setopt(mailer->curl, CURLOPT_TIMEOUT, (long) mailer->settings->smtp_timeout);
    curl_easy_setopt(mailer->curl, CURLOPT_ERRORBUFFER, mailer->problem);
    curl_easy_setopt(mailer->curl, CURLOPT_HEADERFUNCTION, sv_mailer_hear);
    curl_easy_setopt(mailer->curl, CURLOPT_HEADERDATA, mailer);
    curl_easy_setopt(mailer->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(mailer->curl, CURLOPT_XFERINFOFUNCTION, sv_mailer_watch);
    curl_easy_setopt(mailer->curl, CURLOPT_XFERINFODATA, mailer);
}

sv_mailer_t *
sv_mailer_open(const sv_settings_t *settings, sv_mail_stop_t stop, const void *context, sv_error_t *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sv_mailer_t *mailer;

    if (settings->smtp_host[0] == '\0') {
        sv_fail(error, SV_ERR_UNAVAILABLE, "No mail server is configured (SMTP_HOST)");
        return NULL;
    }
    pthread_once(&once, sv_mailer_begin_curl);
    mailer = calloc(1, sizeof(*mailer));
    if (mailer == NULL || (mailer->curl = curl_easy_init()) == NULL) {
        free(mailer);
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no memory for a mailer");
        return NULL;
    }
    mailer->settings = settings;
    mailer->stop = stop;
    mailer->context = context;
    sv_mailer_set_server(mailer, error->arena);
    sv_mailer_set_ways(mailer);
    if (sv_mailer_set_login(mailer, error) != SV_OK) {
        sv_mailer_close(mailer);
        return NULL;
    }
    return mailer;
}

static sv_mail_answer_t
sv_mailer_judge(sv_mailer_t *mailer, CURLcode code)
{
    long reply = 0;

    curl_easy_getinfo(mailer->curl, CURLINFO_RESPONSE_CODE, &reply);
    switch (code) {
    case CURLE_OK:
        return SV_MAIL_TAKEN;
    case CURLE_ABORTED_BY_CALLBACK:
        return SV_MAIL_STOPPED;
    case CURLE_SEND_ERROR: /* MAIL or RCPT was answered with an error */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_RECV_ERROR: /* the message was */
        return reply >= 500 && reply < 600 ? SV_MAIL_REFUSED : reply >= 400 ? SV_MAIL_DEFERRED : SV_MAIL_UNREACHABLE;
    default:
        return SV_MAIL_UNREACHABLE;
    }
}

/* What the server said, as UTF-8: a server may speak any language, in bytes of its own. */
static const char *
sv_mailer_words(const sv_mailer_t *mailer, sv_arena_t *arena)
{
    char *words = sv_arena_strdup(arena, mailer->said), *at = words;

    while (*at != '\0') {
        size_t length = sv_utf8_sequence(at, strlen(at));

        if (length == 0) {
            *at = '?';
            length = 1;
        }
        at += length;
    }
    return words;
}

sv_mail_answer_t
sv_mailer_send(sv_mailer_t *mailer, const sv_mail_t *mail, sv_arena_t *arena, const char **why)
{
    const char *from = mailer->settings->mail_from;
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    struct curl_slist *headers = sv_message_headers(mail, from, sv_clock_now_ms(), arena);
    curl_mime *parts = sv_message_parts(mailer->curl, mail, arena);
    sv_mail_answer_t answer = SV_MAIL_UNREACHABLE;
    CURLcode code;

    mailer->said[0] = mailer->problem[0] = '\0';
    *why = "the mail could not be put together: its file cannot be read, or there is no memory";
    if (to != NULL && headers != NULL && parts != NULL) {
        curl_easy_setopt(mailer->curl, CURLOPT_MAIL_FROM, from);
        curl_easy_setopt(mailer->curl, CURLOPT_MAIL_RCPT, to);
        curl_easy_setopt(mailer->curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(mailer->curl, CURLOPT_MIMEPOST, parts);
        code = curl_easy_perform(mailer->curl);
        answer = sv_mailer_judge(mailer, code);
        *why = answer == SV_MAIL_REFUSED || answer == SV_MAIL_DEFERRED
                   ? sv_mailer_words(mailer, arena)
                   : sv_arena_strdup(arena, mailer->problem[0] != '\0' ? mailer->problem : curl_easy_strerror(code));
        curl_easy_setopt(mailer->curl, CURLOPT_MIMEPOST, NULL);
        curl_easy_setopt(mailer->curl, CURLOPT_HTTPHEADER, NULL);
        curl_easy_setopt(mailer->curl, CURLOPT_MAIL_RCPT, NULL);
    }
    curl_mime_free(parts);
    curl_slist_free_all(headers);
    curl_slist_free_all(to);
    return answer;
}

void
sv_mailer_close(sv_mailer_t *mailer)
{
    if (mailer != NULL) {
        curl_easy_cleanup(mailer->curl);
        free(mailer);
    }
}
