/* Hex, base64url, hashes, random values. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "core/base/codec.h"
#include "t/unit/random.h"

static void
hex_goes_both_ways(void **state)
{
    uint8_t bytes[] = { 0x00, 0x1f, 0xab, 0xff }, back[4];
    char text[9];

    (void) state;
    sv_hex_encode(bytes, sizeof(bytes), text);
    assert_string_equal(text, "001fabff");
    assert_true(sv_hex_decode("001FabFF", 8, back));
    assert_memory_equal(back, bytes, sizeof(bytes));
    assert_false(sv_hex_decode("001", 3, back));
    assert_false(sv_hex_decode("0g", 2, back));
}

static void
base64url_gives_the_standards_examples(void **state)
{
    /* RFC 4648 section 10, without padding */
    static const char *const pairs[][2] = {
        { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },          { "foo", "Zm9v" },
        { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
    };
    uint8_t bytes[16];
    char text[32];

    (void) state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        size_t length = strlen(pairs[i][0]);

        assert_int_equal(sv_base64url_encode((const uint8_t *) pairs[i][0], length, text), strlen(pairs[i][1]));
        assert_string_equal(text, pairs[i][1]);
        assert_int_equal(sv_base64url_decode(text, strlen(text), bytes, sizeof(bytes)), length);
        assert_memory_equal(bytes, pairs[i][0], length);
    }
    sv_base64url_encode((const uint8_t *) "\xfb\xff\xbf", 3, text);
    assert_string_equal(text, "-_-_");
}

static void
base64_is_taken_as_others_make_it(void **state)
{
    static const char *const good[] = { "Zm9vYmE=", "Zm9vYmE", "Zm9v\r\nYmE=\n", " Zm 9v\tYmE= " };
    static const char *const bad[] = { "Zm9vY", "Zm9v!mE=", "Zm9v=YmE", "Z", "data:Zm9v" };
    uint8_t bytes[16];

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(sv_base64_decode(good[i], strlen(good[i]), bytes, sizeof(bytes)), 5);
        assert_memory_equal(bytes, "fooba", 5);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sv_base64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)), -1);
    }
    assert_int_equal(sv_base64_decode("-_+/", 4, bytes, 3), 3);
    assert_memory_equal(bytes, "\xfb\xff\xbf", 3);
    assert_int_equal(sv_base64_decode("Zm9v", 4, bytes, 2), -1);
    assert_int_equal(sv_base64_decode("Zm9v\0YmE", 8, bytes, sizeof(bytes)), -1);
    assert_int_equal(sv_base64_decode("", 0, bytes, sizeof(bytes)), 0);
}

static void
base64url_of_random_bytes_comes_back(void **state)
{
    random_t random = random_seeded(3);

    (void) state;
    for (int round = 0; round < 5000; round++) {
        uint8_t bytes[100], back[100];
        char text[200];
        size_t length = random_next(&random) % 100, written;

        for (size_t i = 0; i < length; i++) {
            bytes[i] = (uint8_t) random_next(&random);
        }
        written = sv_base64url_encode(bytes, length, text);
        assert_true(written < (length * 4 + 2) / 3 + 1);
        assert_int_equal(sv_base64url_decode(text, written, back, sizeof(back)), length);
        assert_memory_equal(back, bytes, length);
    }
}

static void
base64url_is_strict(void **state)
{
    static const char *const bad[] = { "A", "Zg==", "Zg=", "Zh", "Zm9", "Zm9v Yg", "Zm+v", "Zm/v", "Zm9v\n", "AAAAA" };
    uint8_t bytes[16];

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sv_base64url_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)), -1);
    }
    assert_int_equal(sv_base64url_decode("Zm9v", 4, bytes, 2), -1); /* no room */
}

static void
hashes_give_the_standards_examples(void **state)
{
    char text[SV_SHA256_HEX_SIZE];
    uint8_t digest[SV_SHA256_SIZE], key[131];
    char hex[SV_SHA256_HEX_SIZE];

    (void) state;
    sv_sha256_hex("abc", 3, text); /* FIPS 180-4 */
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sv_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest); /* RFC 4231, test case 2 */
    sv_hex_encode(digest, sizeof(digest), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key)); /* test case 6: a key longer than a block */
    sv_hmac_sha256(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, digest);
    sv_hex_encode(digest, sizeof(digest), hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
equality_sees_every_byte(void **state)
{
    (void) state;
    assert_true(sv_equal_constant_time("abcd", "abcd", 4));
    assert_true(sv_equal_constant_time("abcd", "abcX", 3));
    assert_false(sv_equal_constant_time("abcd", "Xbcd", 4));
    assert_false(sv_equal_constant_time("abcd", "abcX", 4));
}

static void
uuids_are_version_4_and_differ(void **state)
{
    char first[SV_UUID_SIZE], second[SV_UUID_SIZE];

    (void) state;
    for (int i = 0; i < 200; i++) {
        sv_uuid_v4(first);
        sv_uuid_v4(second);
        assert_int_equal(strlen(first), 36);
        assert_string_not_equal(first, second);
        assert_int_equal(first[14], '4');
        assert_non_null(strchr("89ab", first[19]));
        for (int n = 0; n < 36; n++) {
            assert_non_null(strchr(n == 8 || n == 13 || n == 18 || n == 23 ? "-" : "0123456789abcdef", first[n]));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(base64url_gives_the_standards_examples),
        cmocka_unit_test(base64_is_taken_as_others_make_it),
        cmocka_unit_test(base64url_of_random_bytes_comes_back),
        cmocka_unit_test(base64url_is_strict),
        cmocka_unit_test(hashes_give_the_standards_examples),
        cmocka_unit_test(equality_sees_every_byte),
        cmocka_unit_test(uuids_are_version_4_and_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
