/* Fuzzy search: texts as they are compared, distances against a plain matrix, indexes and what is found in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/search/build.h"
#include "core/search/distance.h"
#include "core/search/normal.h"
#include "core/search/query.h"
#include "t/unit/random.h"

static char sv_folder[] = "/tmp/sv-search-XXXXXX";

static const char *
in_folder(sv_arena_t *arena, const char *name)
{
    return sv_arena_printf(arena, "%s/%s", sv_folder, name);
}

/* The normalised text in UTF-8, for reading. */
static const char *
normal(sv_arena_t *arena, const char *text)
{
    sv_search_text_t read;
    char *out, *at;

    sv_search_normalize(text, arena, &read);
    at = out = sv_arena_alloc(arena, read.length * 4 + 1);
    for (size_t i = 0; i < read.length; i++) {
        uint32_t c = read.points[i];

        if (c < 0x80) {
            *at++ = (char) c;
        } else if (c < 0x800) {
            *at++ = (char) (0xc0 | c >> 6);
            *at++ = (char) (0x80 | (c & 0x3f));
        } else {
            *at++ = (char) (0xe0 | c >> 12);
            *at++ = (char) (0x80 | (c >> 6 & 0x3f));
            *at++ = (char) (0x80 | (c & 0x3f));
        }
    }
    *at = '\0';
    return out;
}

static void
texts_are_compared_without_case_accents_and_punctuation(void **state)
{
    static const char *const pairs[][2] = {
        { "Crème Brûlée", "creme brulee" },
        { "  Coca-Cola,  1.5L ", "coca cola 1 5l" },
        { "L'Oréal", "loreal" },
        { "L\u2019Or\u00e9al", "loreal" },
        { "STRASSE", "strasse" },
        { "Straße", "strasse" },
        { "Œufs de Poule", "oeufs de poule" },
        { "smørrebrød", "smorrebrod" },
        { "ﬁne", "fine" },
        { "Ｆｕｌｌ　ｗｉｄｔｈ", "full width" },
        { "e\u0301te\u0301", "ete" },
        { "ЙОГУРТ", "иогурт" },
        { "牛乳パック", "牛 乳 ハ ッ ク" },
        { "\u0643\u0650\u062a\u0627\u0628", "\u0643\u062a\u0627\u0628" },       /* Arabic points are left out */
        { "\u0915\u093f\u0924\u093e\u092c", "\u0915\u093f\u0924\u093e\u092c" }, /* Devanagari signs of vowels stay */
        { "zero\u200bwidth", "zerowidth" },
        { "&&& !!", "" },
        { "", "" },
    };
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_string_equal(normal(arena, pairs[i][0]), pairs[i][1]);
    }
    sv_arena_destroy(arena);
}

static void
a_text_of_any_length_or_bytes_is_bounded(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    char *text = sv_arena_alloc(arena, 100001);
    sv_search_text_t read;

    (void) state;
    memset(text, 'a', 100000);
    text[100000] = '\0';
    sv_search_normalize(text, arena, &read);
    assert_true(read.length <= SV_SEARCH_LONGEST);
    sv_search_normalize("a\xff\xc3(b", arena, &read);
    assert_int_equal(read.word_count, 2);
    sv_search_normalize(NULL, arena, &read);
    assert_int_equal(read.length, 0);
    sv_arena_destroy(arena);
}

/* Optimal string alignment as it is defined. */
static size_t
plain_distance(const uint32_t *a, size_t m, const uint32_t *b, size_t n)
{
    static size_t d[66][66];

    for (size_t i = 0; i <= m; i++) {
        for (size_t j = 0; j <= n; j++) {
            size_t best;

            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best) {
                best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    }
    return d[m][n];
}

static size_t
plain_common(const uint32_t *a, size_t m, const uint32_t *b, size_t n)
{
    static size_t d[66][66];

    for (size_t i = 0; i <= m; i++) {
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = 0;
            } else if (a[i - 1] == b[j - 1]) {
                d[i][j] = d[i - 1][j - 1] + 1;
            } else {
                d[i][j] = d[i - 1][j] > d[i][j - 1] ? d[i - 1][j] : d[i][j - 1];
            }
        }
    }
    return d[m][n];
}

static size_t
random_points(random_t *random, uint32_t *points)
{
    static const uint32_t signs[] = { 'a', 'b', 'c', ' ', '1', 0x915, 0x4e00, 0x4e01 };
    size_t length = (size_t) random_between(random, 0, 64);

    for (size_t i = 0; i < length; i++) {
        points[i] = signs[(size_t) random_between(random, 0, sizeof(signs) / sizeof(signs[0]) - 1)];
    }
    return length;
}

static void
distances_are_those_of_the_plain_matrix(void **state)
{
    random_t random = random_seeded(20261128);
    uint32_t a[64], b[64];

    (void) state;
    for (int round = 0; round < 3000; round++) {
        size_t m = random_points(&random, a), n = random_points(&random, b), distance = 0, limit;
        sv_pattern_t pattern;

        sv_pattern_prepare(&pattern, a, m);
        distance = plain_distance(a, m, b, n);
        assert_int_equal(sv_pattern_distance(&pattern, b, n, 64), distance);
        assert_int_equal(sv_pattern_common(&pattern, b, n), plain_common(a, m, b, n));
        limit = (size_t) random_between(&random, 0, 3);
        assert_int_equal(sv_pattern_distance(&pattern, b, n, limit) <= limit, distance <= limit);
    }
}

/* What whole-name search rests on: no edit changes more than two bits of a mask. */
static void
an_edit_changes_two_bits_of_a_mask(void **state)
{
    random_t random = random_seeded(7);
    uint32_t a[66], b[66];

    (void) state;
    for (int round = 0; round < 3000; round++) {
        size_t length = random_points(&random, a), at = (size_t) random_between(&random, 0, (int64_t) length);

        memcpy(b, a, at * sizeof(a[0]));
        b[at] = (uint32_t) random_between(&random, 'a', 'z');
        memcpy(b + at + 1, a + at, (length - at) * sizeof(a[0]));
        assert_true(__builtin_popcountll(sv_search_mask(a, length) ^ sv_search_mask(b, length + 1)) <= 1);
        if (at < length) {
            memcpy(b + at + 1, a + at + 1, (length - at - 1) * sizeof(a[0]));
            assert_true(__builtin_popcountll(sv_search_mask(a, length) ^ sv_search_mask(b, length)) <= 2);
        }
    }
}

static const sv_search_item_t sv_items[] = {
    { "100001", "Olive Oil Extra Virgin 1L", { "Bertolli" } },
    { "100002", "Olive oil", { NULL } },
    { "100003", "Sunflower oil", { NULL } },
    { "100004", "Crème brûlée", { "Bonne Maman" } },
    { "100005", "Chocolate biscuits", { NULL, "crisp, with hazelnuts" } },
    { "100006", "Hazelnut spread", { NULL } },
    { "100007", "牛乳 1L", { NULL } },
    { "100008", "किताब", { NULL } },
    { "100009", "Йогурт с вишней", { NULL } },
    { "100010", "Olive Oil", { NULL } },
    { "AB-77/9", "Wrench", { "AB-77/9" } },
    { "100011", "", { NULL } },
};

static void
write_index(const char *path, const sv_search_item_t *items, size_t count, const char *removed, sv_error_t *error)
{
    sv_search_build_t *build = sv_search_build_create(1795824000000);

    for (size_t i = 0; i < count; i++) {
        sv_search_build_add(build, &items[i]);
    }
    if (removed != NULL) {
        sv_search_build_remove(build, removed);
    }
    assert_int_equal(sv_search_build_write(build, path, error), SV_OK);
    sv_search_build_destroy(build);
}

static const char *
first_hit(const sv_search_index_t *index, const sv_search_index_t *over, const char *text, sv_arena_t *arena)
{
    sv_search_hit_t *hits;
    size_t count = sv_search_run(index, over, text, 5, arena, &hits);

    return count > 0 ? hits[0].item_code : "nothing";
}

static void
items_are_found_by_what_people_type(void **state)
{
    static const char *const searches[][2] = {
        { "olive oil", "100002" },
        { "OLIVE  OIL", "100002" },
        { "olvie oil", "100002" },
        { "oil olive", "100002" },
        { "oil extra olive", "100001" },
        { "bertolli", "100001" },
        { "creme brulee", "100004" },
        { "crem brule", "100004" },
        { "chocolate bis", "100005" },
        { "choco", "100005" },
        { "crisp hazelnuts", "100005" },
        { "hazelnut sprad", "100006" },
        { "牛乳", "100007" },
        { "किताब", "100008" },
        { "ЙОГУРТ", "100009" },
        { "йогурт вишней", "100009" },
        { "ab 77/9", "AB-77/9" },
        { "wrnech", "AB-77/9" },
        { "zzzzzz", "nothing" },
        { "&", "nothing" },
    };
    sv_arena_t *arena = sv_arena_create();
    sv_search_index_t index;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    write_index(in_folder(arena, "items"), sv_items, sizeof(sv_items) / sizeof(sv_items[0]), NULL, &error);
    assert_int_equal(sv_search_index_open(in_folder(arena, "items"), &index, &error), SV_OK);
    for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
        const char *found = first_hit(&index, NULL, searches[i][0], arena);

        if (strcmp(found, searches[i][1]) != 0) {
            fail_msg("%s finds %s, not %s", searches[i][0], found, searches[i][1]);
        }
    }
    sv_search_index_close(&index);
    sv_arena_destroy(arena);
}

static void
hits_are_scored_and_of_equal_names_all_are_told(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_search_index_t index;
    sv_search_hit_t *hits;
    sv_error_t error;
    size_t count;

    (void) state;
    sv_error_init(&error, arena);
    write_index(in_folder(arena, "items"), sv_items, sizeof(sv_items) / sizeof(sv_items[0]), NULL, &error);
    assert_int_equal(sv_search_index_open(in_folder(arena, "items"), &index, &error), SV_OK);
    count = sv_search_run(&index, NULL, "olive oil", 3, arena, &hits);
    assert_int_equal(count, 3);
    assert_string_equal(hits[0].item_code, "100002");
    assert_string_equal(hits[1].item_code, "100010");
    assert_string_equal(hits[2].item_code, "100001");
    assert_true(hits[0].score == 1 && hits[1].score == 1 && hits[2].score < 1 && hits[2].score > 0.5);
    assert_int_equal(sv_search_run(&index, NULL, "olive oil", 0, arena, &hits), 0);
    sv_search_index_close(&index);
    sv_arena_destroy(arena);
}

static void
a_newer_index_over_an_older_one_counts(void **state)
{
    static const sv_search_item_t newer[] = { { "100002", "Rapeseed oil", { NULL } },
                                              { "200001", "Olive paste", { NULL } } };
    sv_arena_t *arena = sv_arena_create();
    sv_search_index_t index, over;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    write_index(in_folder(arena, "items"), sv_items, sizeof(sv_items) / sizeof(sv_items[0]), NULL, &error);
    write_index(in_folder(arena, "over"), newer, 2, "100010", &error);
    assert_int_equal(sv_search_index_open(in_folder(arena, "items"), &index, &error), SV_OK);
    assert_int_equal(sv_search_index_open(in_folder(arena, "over"), &over, &error), SV_OK);
    assert_string_equal(first_hit(&index, &over, "rapeseed", arena), "100002");
    assert_string_equal(first_hit(&index, &over, "olive paste", arena), "200001");
    assert_string_equal(first_hit(&index, &over, "olive oil", arena), "100001");
    sv_search_index_close(&over);
    sv_search_index_close(&index);
    sv_arena_destroy(arena);
}

static void
flip(const char *path, long at)
{
    FILE *file = fopen(path, "r+");
    int byte;

    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 0x40, file);
    fclose(file);
}

static void
damaged_files_are_refused(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const char *path = in_folder(arena, "damaged");
    sv_search_index_t index;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_int_equal(sv_search_index_open(path, &index, &error), SV_ERR_NOT_FOUND);
    for (long at = 0; at < 600; at += 7) {
        sv_error_init(&error, arena);
        write_index(path, sv_items, sizeof(sv_items) / sizeof(sv_items[0]), NULL, &error);
        flip(path, at);
        if (sv_search_index_open(path, &index, &error) == SV_OK) {
            fail_msg("byte %ld", at);
        }
    }
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(sv_search_index_open(path, &index, &error), SV_ERR_UNAVAILABLE);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(sv_search_index_open(path, &index, &error), SV_ERR_UNAVAILABLE);
    sv_arena_destroy(arena);
}

static void
an_empty_index_finds_nothing(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_search_index_t index;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    write_index(in_folder(arena, "empty"), NULL, 0, NULL, &error);
    assert_int_equal(sv_search_index_open(in_folder(arena, "empty"), &index, &error), SV_OK);
    assert_string_equal(first_hit(&index, NULL, "olive", arena), "nothing");
    sv_search_index_close(&index);
    sv_arena_destroy(arena);
}

static int
make_folder(void **state)
{
    (void) state;
    return mkdtemp(sv_folder) == NULL;
}

static int
remove_folder(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    static const char *const names[] = { "items", "over", "damaged", "empty" };

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(in_folder(arena, names[i]));
    }
    sv_arena_destroy(arena);
    return rmdir(sv_folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_compared_without_case_accents_and_punctuation),
        cmocka_unit_test(a_text_of_any_length_or_bytes_is_bounded),
        cmocka_unit_test(distances_are_those_of_the_plain_matrix),
        cmocka_unit_test(an_edit_changes_two_bits_of_a_mask),
        cmocka_unit_test(items_are_found_by_what_people_type),
        cmocka_unit_test(hits_are_scored_and_of_equal_names_all_are_told),
        cmocka_unit_test(a_newer_index_over_an_older_one_counts),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(an_empty_index_finds_nothing),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
