/* Arenas and the buffers that grow in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "t/unit/random.h"

enum { PIECES = 2000 };

static void
pieces_are_aligned_apart_and_keep_their_content(void **state)
{
    sv_arena_t *arena = *state;
    random_t random = random_seeded(1);
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];

    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = random_next(&random) % (i % 50 == 0 ? 200000 : 300);
        pieces[i] = sv_arena_alloc(arena, sizes[i]);
        assert_int_equal((uintptr_t) pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int) (i % 251), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t n = 0; n < sizes[i]; n++) {
            assert_int_equal(pieces[i][n], i % 251);
        }
    }
}

static void
zeroed_pieces_are_zero(void **state)
{
    unsigned char *piece;

    memset(sv_arena_alloc(*state, 1000), 0xff, 1000);
    piece = sv_arena_zalloc(*state, 5000);
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(piece[i], 0);
    }
}

static void
texts_are_copied_whole(void **state)
{
    char name[1000], *copy;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_string_equal(sv_arena_strdup(*state, "R1"), "R1");
    assert_string_equal(sv_arena_strndup(*state, "R1-B", 2), "R1");
    assert_string_equal(sv_arena_strndup(*state, NULL, 0), "");
    assert_string_equal(sv_arena_printf(*state, "%s/%d", "rack", 7), "rack/7");
    copy = sv_arena_printf(*state, "<%s>", name); /* longer than the formatting buffer */
    assert_int_equal(strlen(copy), sizeof(name) + 1);
    assert_memory_equal(copy + 1, name, sizeof(name) - 1);
}

static char released[8];

static void
note_release(void *data)
{
    strncat(released, data, 1);
}

static void
releases_run_last_first(void **state)
{
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    released[0] = '\0';
    sv_arena_on_destroy(arena, note_release, "a");
    sv_arena_on_destroy(arena, note_release, sv_arena_strdup(arena, "b")); /* its memory is still there */
    sv_arena_on_destroy(arena, note_release, "c");
    assert_string_equal(released, "");
    sv_arena_destroy(arena);
    assert_string_equal(released, "cba");
    sv_arena_destroy(NULL);
}

static void
a_buffer_grows_and_stays_terminated(void **state)
{
    random_t random = random_seeded(2);
    static char expected[300000];
    size_t length = 0;
    sv_buffer_t buffer;

    sv_buffer_init(&buffer, *state, 0);
    assert_string_equal(buffer.data, "");
    while (length < sizeof(expected) - 5000) {
        char piece[4000];
        size_t size = random_next(&random) % sizeof(piece);

        memset(piece, 'a' + (int) (length % 26), sizeof(piece));
        sv_buffer_append(&buffer, piece, size);
        memcpy(expected + length, piece, size);
        length += size;
        assert_int_equal(buffer.length, length);
        assert_int_equal(buffer.data[length], '\0');
    }
    assert_memory_equal(buffer.data, expected, length);
}

static void
a_buffer_takes_texts_characters_and_formats(void **state)
{
    char wide[300];
    sv_buffer_t buffer;

    memset(wide, 'w', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    sv_buffer_init(&buffer, *state, 1);
    sv_buffer_puts(&buffer, "rack");
    sv_buffer_putc(&buffer, ':');
    sv_buffer_printf(&buffer, "%04d", 12);
    assert_string_equal(buffer.data, "rack:0012");
    assert_int_equal(buffer.length, 9);
    sv_buffer_printf(&buffer, "%s!", wide); /* more than the room that is left */
    assert_int_equal(buffer.length, 9 + 299 + 1);
    assert_int_equal(strlen(buffer.data), buffer.length);
    assert_int_equal(buffer.data[buffer.length - 1], '!');
}

static void
a_format_that_fits_to_the_byte_is_whole(void **state)
{
    for (int size = 50; size < 80; size++) { /* around the smallest capacity */
        sv_buffer_t buffer;

        sv_buffer_init(&buffer, *state, 0);
        sv_buffer_printf(&buffer, "%*d", size, 7);
        assert_int_equal(buffer.length, size);
        assert_int_equal(strlen(buffer.data), size);
        assert_int_equal(buffer.data[size - 1], '7');
    }
}

static void
reserved_room_is_the_callers_to_write(void **state)
{
    sv_buffer_t buffer;

    sv_buffer_init(&buffer, *state, 0);
    sv_buffer_puts(&buffer, "ab");
    memset(sv_buffer_reserve(&buffer, 10000), 'c', 10000);
    buffer.length += 10000;
    sv_buffer_putc(&buffer, 'd');
    assert_int_equal(strspn(buffer.data + 2, "c"), 10000);
    assert_string_equal(buffer.data + 10002, "d");
    assert_memory_equal(buffer.data, "abc", 3);
}

static void
an_array_grows_and_keeps_its_elements(void **state)
{
    size_t capacity = 0;
    int *numbers = NULL;

    for (size_t i = 0; i < PIECES; i++) {
        const int *before = numbers;

        numbers = sv_arena_grow(*state, numbers, i, &capacity, sizeof(*numbers));
        assert_true(i < capacity);
        assert_true(numbers == before || i == 0 || i == capacity / 2);
        numbers[i] = (int) i;
    }
    for (size_t i = 0; i < PIECES; i++) {
        assert_int_equal(numbers[i], i);
    }
}

static int
setup(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
teardown(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_are_aligned_apart_and_keep_their_content, setup, teardown),
        cmocka_unit_test_setup_teardown(zeroed_pieces_are_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_are_copied_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(an_array_grows_and_keeps_its_elements, setup, teardown),
        cmocka_unit_test(releases_run_last_first),
        cmocka_unit_test_setup_teardown(a_buffer_grows_and_stays_terminated, setup, teardown),
        cmocka_unit_test_setup_teardown(a_buffer_takes_texts_characters_and_formats, setup, teardown),
        cmocka_unit_test_setup_teardown(a_format_that_fits_to_the_byte_is_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(reserved_room_is_the_callers_to_write, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
