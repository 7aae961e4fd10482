/* Redis commands as bytes: what hiredis would send, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/redis/command.h"

static int
open_arena(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
close_arena(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

static void
assert_as_hiredis_writes_it(const sv_redis_command_t *command)
{
    size_t size = sv_redis_command_size(command), length;
    char *ours = malloc(size), *theirs = NULL;
    int their_length =
        redisFormatCommandArgv(&theirs, command->argc, (const char **) command->argv, command->argv_length);

    assert_non_null(ours);
    length = sv_redis_command_write(command, ours);
    assert_true(length <= size);
    assert_int_equal(length, their_length);
    assert_memory_equal(ours, theirs, length);
    redisFreeCommand(theirs);
    free(ours);
}

static void
arguments_of_every_length(void **state)
{
    sv_redis_command_t command;
    char *text = sv_arena_zalloc(*state, 100001);
    size_t lengths[] = { 0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 65535, 100000 };

    memset(text, 'x', 100000);
    sv_redis_command(&command, *state, "SET");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        sv_redis_arg_n(&command, text, lengths[i]);
        assert_as_hiredis_writes_it(&command);
    }
}

static void
bytes_of_every_value(void **state)
{
    sv_redis_command_t command;
    char bytes[256];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char) i;
    }
    sv_redis_command(&command, *state, "SET");
    sv_redis_arg_n(&command, bytes, sizeof(bytes));
    sv_redis_arg_n(&command, "\r\n$3\r\n", 6);
    assert_as_hiredis_writes_it(&command);
}

static void
numbers_and_keys(void **state)
{
    int64_t numbers[] = { 0, 7, -7, 10, 1234567890, INT64_MAX, INT64_MIN };
    const char *texts[] = { "0", "7", "-7", "10", "1234567890", "9223372036854775807", "-9223372036854775808" };
    sv_redis_command_t command;

    sv_redis_script(&command, *state, SV_SCRIPT_LEASE_SETTLE, 2);
    sv_redis_arg_key(&command, "rack:lock:", "R1");
    sv_redis_arg_key_of(&command, "user_status:", "ásha", ":last_seen");
    assert_string_equal(command.argv[3], "rack:lock:R1");
    assert_string_equal(command.argv[4], "user_status:ásha:last_seen");
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int at = command.argc;

        sv_redis_arg_int(&command, numbers[i]);
        assert_int_equal(command.argv_length[at], strlen(texts[i]));
        assert_memory_equal(command.argv[at], texts[i], strlen(texts[i]));
    }
    assert_as_hiredis_writes_it(&command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments_of_every_length, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(bytes_of_every_value, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(numbers_and_keys, open_arena, close_arena),
    };

    sv_scripts_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
