#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "core/base/gunzip.h"

enum { PACKED_MAX = 64 * 1024, GZIP_WINDOW = 15 + 16 };

static char packed[PACKED_MAX];

/* Appends a member to `packed`; gives the length of all. */
static size_t
pack(const char *text, size_t length, size_t behind)
{
    z_stream stream = { .next_in = (Bytef *) text, .avail_in = (uInt) length };

    stream.next_out = (Bytef *) packed + behind;
    stream.avail_out = (uInt) (PACKED_MAX - behind);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return PACKED_MAX - stream.avail_out;
}

static sv_gunzip_t
unpack(size_t length, size_t limit)
{
    size_t plain_length;
    char *plain;
    sv_gunzip_t outcome = sv_gunzip(packed, length, limit, &plain, &plain_length);

    free(plain);
    return outcome;
}

static void
what_was_packed_comes_out(void **state)
{
    size_t length = pack("{\"a\":", 5, 0), plain_length;
    char *plain;

    (void) state;
    length = pack("1}", 2, length);
    assert_int_equal(sv_gunzip(packed, length, 7, &plain, &plain_length), SV_GUNZIP_OK);
    assert_int_equal(plain_length, 7);
    assert_string_equal(plain, "{\"a\":1}");
    free(plain);
    assert_int_equal(unpack(length, 6), SV_GUNZIP_TOO_LARGE);
    assert_int_equal(unpack(pack("", 0, 0), 0), SV_GUNZIP_OK);
}

static void
a_bomb_is_known_by_the_limit(void **state)
{
    enum { SIZE = 32 * 1024 * 1024 };
    char *zeros = calloc(1, SIZE);
    size_t length = pack(zeros, SIZE, 0);

    (void) state;
    assert_in_range(length, 1, PACKED_MAX);
    assert_int_equal(unpack(length, 1024 * 1024), SV_GUNZIP_TOO_LARGE);
    assert_int_equal(unpack(length, SIZE), SV_GUNZIP_OK);
    assert_int_equal(unpack(length, SIZE - 1), SV_GUNZIP_TOO_LARGE);
    free(zeros);
}

static void
what_is_not_whole_is_broken(void **state)
{
    static const char text[] = "{\"records\": [1, 2, 3]}";
    size_t length = pack(text, sizeof(text) - 1, 0);

    (void) state;
    for (size_t cut = 0; cut < length; cut++) {
        assert_int_equal(unpack(cut, 1000), SV_GUNZIP_BROKEN);
    }
    packed[length] = 'x';
    assert_int_equal(unpack(length + 1, 1000), SV_GUNZIP_BROKEN);
    packed[length - 5] ^= 1; /* of the checksum */
    assert_int_equal(unpack(length, 1000), SV_GUNZIP_BROKEN);
    strcpy(packed, text);
    assert_int_equal(unpack(sizeof(text) - 1, 1000), SV_GUNZIP_BROKEN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out),
        cmocka_unit_test(a_bomb_is_known_by_the_limit),
        cmocka_unit_test(what_is_not_whole_is_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
