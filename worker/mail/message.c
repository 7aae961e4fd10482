#include "worker/mail/message.h"

#include <string.h>
#include <time.h>

#include "core/base/buffer.h"
#include "core/base/disposition.h"

/* Bytes of an encoded word, which may take 75 characters with all around it; a multiple of three needs no padding. */
enum { SV_WORD_BYTES = 42, SV_PLAIN_MAX = 200 };

static bool
sv_message_is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char) *at < 0x20 || (unsigned char) *at > 0x7e) {
            return false;
        }
    }
    return strlen(text) <= SV_PLAIN_MAX && strstr(text, "=?") == NULL;
}

/* Base64 with padding, as mail has it. */
static void
sv_message_put_base64(sv_buffer_t *out, const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < length; i += 3) {
        unsigned a = (unsigned char) bytes[i], b = i + 1 < length ? (unsigned char) bytes[i + 1] : 0;
        unsigned c = i + 2 < length ? (unsigned char) bytes[i + 2] : 0;

        sv_buffer_putc(out, digits[a >> 2]);
        sv_buffer_putc(out, digits[(a & 3) << 4 | b >> 4]);
        sv_buffer_putc(out, i + 1 < length ? digits[(b & 15) << 2 | c >> 6] : '=');
        sv_buffer_putc(out, i + 2 < length ? digits[c & 63] : '=');
    }
}

const char *
sv_message_encode(const char *text, sv_arena_t *arena)
{
    sv_buffer_t out;

    if (sv_message_is_plain(text)) {
        return text;
    }
    sv_buffer_init(&out, arena, strlen(text) * 2 + 64);
    for (size_t length = strlen(text), take; length > 0; text += take, length -= take) {
        take = length < SV_WORD_BYTES ? length : SV_WORD_BYTES;
        /* A word may not end within a character. */
        while (take > 1 && take < length && ((unsigned char) text[take] & 0xc0) == 0x80) {
            take--;
        }
        sv_buffer_puts(&out, out.length == 0 ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        sv_message_put_base64(&out, text, take);
        sv_buffer_puts(&out, "?=");
    }
    return out.data;
}

/* RFC 5322, in English whatever the locale. */
static const char *
sv_message_date(int64_t now_ms, sv_arena_t *arena)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t now = (time_t) (now_ms / 1000);
    struct tm utc;

    gmtime_r(&now, &utc);
    return sv_arena_printf(arena, "%s, %d %s %d %02d:%02d:%02d +0000", days[utc.tm_wday], utc.tm_mday,
                           months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

struct curl_slist *
sv_message_headers(const sv_mail_t *mail, const char *from, int64_t now_ms, sv_arena_t *arena)
{
    const char *domain = strrchr(from, '@');
    const char *const lines[] = {
        sv_arena_printf(arena, "Date: %s", sv_message_date(now_ms, arena)),
        sv_arena_printf(arena, "From: StockVerify <%s>", from),
        sv_arena_printf(arena, "To: <%s>", mail->to),
        sv_arena_printf(arena, "Subject: %s", sv_message_encode(mail->subject, arena)),
        sv_arena_printf(arena, "Message-ID: <%s@%s>", mail->id, domain != NULL ? domain + 1 : from),
        "Auto-Submitted: auto-generated",
    };
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);

        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static bool
sv_message_put_text(curl_mime *parts, const sv_mail_t *mail)
{
    curl_mimepart *text = curl_mime_addpart(parts);

    return text != NULL && curl_mime_data(text, mail->text, CURL_ZERO_TERMINATED) == CURLE_OK &&
           curl_mime_type(text, "text/plain; charset=utf-8") == CURLE_OK &&
           curl_mime_encoder(text, "quoted-printable") == CURLE_OK;
}

/* Read as it is sent, so that its size costs no memory. */
static bool
sv_message_put_file(curl_mime *parts, const sv_mail_t *mail, sv_arena_t *arena)
{
    const char *line =
        sv_arena_printf(arena, "Content-Disposition: %s", sv_disposition_attachment(mail->file_name, arena));
    curl_mimepart *file = curl_mime_addpart(parts);
    struct curl_slist *headers = curl_slist_append(NULL, line);

    if (file == NULL || headers == NULL || curl_mime_headers(file, headers, 1) != CURLE_OK) {
        curl_slist_free_all(headers);
        return false;
    }
    return curl_mime_filedata(file, mail->file) == CURLE_OK && curl_mime_filename(file, NULL) == CURLE_OK &&
           curl_mime_type(file, mail->file_type) == CURLE_OK && curl_mime_encoder(file, "base64") == CURLE_OK;
}

curl_mime *
sv_message_parts(CURL *curl, const sv_mail_t *mail, sv_arena_t *arena)
{
    curl_mime *parts = curl_mime_init(curl);

    if (parts == NULL || !sv_message_put_text(parts, mail) ||
        (mail->file != NULL && !sv_message_put_file(parts, mail, arena))) {
        curl_mime_free(parts);
        return NULL;
    }
    return parts;
}
