/* The console's refresh cookie: from whom it is taken, what is read, what is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/refresh_cookie.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_7"

static sv_arena_t *arena;
static sv_error_t error;

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    return 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static void
only_this_servers_own_page(void **state)
{
    static const struct {
        const char *origin, *host;
        bool tls, own;
    } rows[] = {
        { "https://stock.example", "stock.example", true, true },
        { "https://Stock.Example", "stock.example", true, true },
        { "https://stock.example", "stock.example", false, true }, /* TLS ended at a proxy */
        { "https://stock.example:8443", "stock.example:8443", true, true },
        { "https://[fe80::1]", "[fe80::1]", true, true },
        { "http://localhost:8080", "localhost:8080", false, true },
        { "http://127.0.0.1:8080", "127.0.0.1:8080", false, true },
        { "http://[::1]:8080", "[::1]:8080", false, true },
        { "http://localhost", "localhost", true, false },
        { "http://localhost.evil.example", "localhost.evil.example", false, false },
        { "http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false, false },
        { "http://stock.example", "stock.example", false, false },
        { "https://evil.example", "stock.example", true, false },
        { "https://stock.example.evil.example", "stock.example", true, false },
        { "https://stock.example:8443", "stock.example", true, false },
        { "https://", "", true, false },
        { "https://stock.example", NULL, true, false },
        { NULL, "stock.example", true, false },
        { "null", "null", true, false },
        { "stock.example", "stock.example", true, false },
        { "", "", true, false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const sv_console_t console = { rows[i].origin, rows[i].host, NULL, rows[i].tls };

        sv_error_clear(&error);
        if (sv_console_check(&console, &error) != (rows[i].own ? SV_OK : SV_ERR_ORIGIN_REFUSED)) {
            fail_msg("row %zu: %s at %s", i, rows[i].origin, rows[i].host);
        }
    }
}

static void
the_token_of_the_right_name(void **state)
{
    static const struct {
        const char *cookies;
        bool found;
    } rows[] = {
        { "__Secure-sv_refresh=" TOKEN, true },
        { "a=b; __Secure-sv_refresh=" TOKEN "; c=d", true },
        { "a=b;__Secure-sv_refresh=" TOKEN, true },
        { ";;  __Secure-sv_refresh=" TOKEN ";", true },
        { "sv_refresh=" TOKEN, false },
        { "x__Secure-sv_refresh=" TOKEN, false },
        { "__Secure-sv_refreshed=" TOKEN, false },
        { "__Secure-sv_refresh=" TOKEN "8", false },
        { "__Secure-sv_refresh=\"" TOKEN "\"", false },
        { "__Secure-sv_refresh=", false },
        { "__Secure-sv_refresh", false },
        { "a=__Secure-sv_refresh=" TOKEN, false },
        { "", false },
        { NULL, false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const sv_console_t console = { "https://stock.example", "stock.example", rows[i].cookies, true };
        const char *token = sv_refresh_cookie_read(&console, arena);

        if ((token != NULL) != rows[i].found || (token != NULL && strcmp(token, TOKEN) != 0)) {
            fail_msg("row %zu: %s", i, rows[i].cookies);
        }
    }
}

static void
what_is_set_is_read_again(void **state)
{
    static const char *const origins[] = { "https://stock.example", "http://localhost" };

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        sv_console_t console = { origins[i], "", NULL, false };
        const char *set = sv_refresh_cookie_write(&console, TOKEN, 604800, arena);

        console.cookies = set;
        assert_string_equal(sv_refresh_cookie_read(&console, arena), TOKEN);
        assert_non_null(strstr(set, "; Path=/api/auth; Max-Age=604800; HttpOnly; SameSite=Strict"));
        assert_int_equal(strstr(set, "; Secure") != NULL, i == 0);
        assert_non_null(
            strstr(sv_refresh_cookie_write(&console, NULL, 604800, arena), "=; Path=/api/auth; Max-Age=0;"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_this_servers_own_page),
        cmocka_unit_test(the_token_of_the_right_name),
        cmocka_unit_test(what_is_set_is_read_again),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
