#include "core/auth/refresh_cookie.h"

#include <string.h>
#include <strings.h>

#include "core/auth/refresh_token.h"

static const char sv_http_scheme[] = "http://";
static const char sv_https_scheme[] = "https://";

static bool
sv_console_is_https(const sv_console_t *console)
{
    return strncmp(console->origin, sv_https_scheme, sizeof(sv_https_scheme) - 1) == 0;
}

/* What a browser takes for this host itself whatever the network says (W3C Secure Contexts, 3.1): the name alone, for a
 * port says nothing. */
static bool
sv_host_is_loopback(const char *host)
{
    static const char *const names[] = { "localhost", "[::1]", "127.0.0.1" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);

        if (strncasecmp(host, names[i], length) == 0 && (host[length] == '\0' || host[length] == ':')) {
            return true;
        }
    }
    return false;
}

static bool
sv_console_is_own(const sv_console_t *console)
{
    if (console->origin == NULL || console->host == NULL || console->host[0] == '\0') {
        return false;
    }
    if (sv_console_is_https(console)) {
        return strcasecmp(console->origin + sizeof(sv_https_scheme) - 1, console->host) == 0;
    }
    return !console->tls && strncmp(console->origin, sv_http_scheme, sizeof(sv_http_scheme) - 1) == 0 &&
           strcasecmp(console->origin + sizeof(sv_http_scheme) - 1, console->host) == 0 &&
           sv_host_is_loopback(console->host);
}

sv_status_t
sv_console_check(const sv_console_t *console, sv_error_t *error)
{
    return sv_console_is_own(console) ? SV_OK : sv_fail(error, SV_ERR_ORIGIN_REFUSED, NULL);
}

static const char *
sv_refresh_cookie_name(const sv_console_t *console)
{
    return sv_console_is_https(console) ? "__Secure-sv_refresh" : "sv_refresh";
}

static bool
sv_refresh_token_possible(const char *text, size_t length)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    return length == SV_REFRESH_TOKEN_LENGTH && strspn(text, alphabet) >= length;
}

const char *
sv_refresh_cookie_read(const sv_console_t *console, sv_arena_t *arena)
{
    const char *name = sv_refresh_cookie_name(console), *at = console->cookies;
    size_t name_length = strlen(name);

    while (at != NULL && *at != '\0') {
        size_t length;

        at += strspn(at, " \t;");
        length = strcspn(at, ";");
        if (length > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            const char *value = at + name_length + 1;
            size_t value_length = length - name_length - 1;

            return sv_refresh_token_possible(value, value_length) ? sv_arena_strndup(arena, value, value_length) : NULL;
        }
        at += length;
    }
    return NULL;
}

const char *
sv_refresh_cookie_write(const sv_console_t *console, const char *token, int64_t max_age_s, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s=%s; Path=/api/auth; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                           sv_refresh_cookie_name(console), token == NULL ? "" : token,
                           token == NULL ? 0LL : (long long) max_age_s, sv_console_is_https(console) ? "; Secure" : "");
}
