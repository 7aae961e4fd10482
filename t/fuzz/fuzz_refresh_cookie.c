/* Headers Origin, Host and Cookie, a line each: what is read is a token, and read again from what it sets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth/refresh_cookie.h"
#include "core/auth/refresh_token.h"

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    char *text = sv_arena_strndup(arena, (const char *) data, size), *rest = text;
    sv_console_t console = { .tls = size % 2 == 1 };
    sv_error_t error;

    sv_error_init(&error, arena);
    console.origin = strsep(&rest, "\n");
    console.host = strsep(&rest, "\n");
    console.cookies = rest;
    if (sv_console_check(&console, &error) == SV_OK) {
        const char *token = sv_refresh_cookie_read(&console, arena);

        require(strstr(console.origin, "://") != NULL && console.host[0] != '\0');
        require(token == NULL || strlen(token) == SV_REFRESH_TOKEN_LENGTH);
        if (token != NULL) {
            console.cookies = sv_refresh_cookie_write(&console, token, 60, arena);
            require(strcmp(sv_refresh_cookie_read(&console, arena), token) == 0);
        }
    }
    sv_arena_destroy(arena);
    return 0;
}
