/* Rows in blocks: everything comes back, from any row on; what is damaged or missing is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/codec.h"
#include "core/report/blocks/blocks.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static sv_block_place_t
place_of(const char *owner)
{
    return (sv_block_place_t){ .collection = SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                               .owner_field = "snapshot_id",
                               .owner = owner };
}

static bson_t *
make_row(int64_t number, size_t padding)
{
    char *text = malloc(padding + 1);
    bson_t *row = bson_new();

    /* Not to be compressed away. */
    for (size_t i = 0; i < padding; i++) {
        text[i] = (char) ('a' + (number * 31 + (int64_t) i * (int64_t) i * 7 + (int64_t) i) % 26);
    }
    text[padding] = '\0';
    BSON_APPEND_INT64(row, "number", number);
    BSON_APPEND_UTF8(row, "text", text);
    free(text);
    return row;
}

static void
must(sv_status_t status, const sv_error_t *error)
{
    if (status != SV_OK) {
        fail_msg("%s: %s", sv_status_code(status), error->cause != NULL ? error->cause : error->message);
    }
}

static sv_block_totals_t
write_rows(const char *owner, int64_t count, size_t padding)
{
    sv_block_place_t place = place_of(owner);
    sv_block_writer_t *writer = sv_block_writer_create(real.store, &place);
    sv_block_totals_t totals;

    for (int64_t i = 0; i < count; i++) {
        bson_t *row = make_row(i, padding);

        must(sv_block_writer_add(writer, row, &real.error), &real.error);
        bson_destroy(row);
    }
    must(sv_block_writer_finish(writer, &totals, &real.error), &real.error);
    sv_block_writer_destroy(writer);
    return totals;
}

/* Reads from `first` on, at most `limit` rows; each must be the next. */
static int64_t
read_rows(const char *owner, int64_t first, int64_t limit)
{
    sv_block_place_t place = place_of(owner);
    sv_block_reader_t *reader = sv_block_reader_create(real.store, &place, first);
    const bson_t *row = NULL;
    int64_t given = 0;

    while (given < limit) {
        must(sv_block_reader_next(reader, &row, &real.error), &real.error);
        if (row == NULL) {
            break;
        }
        assert_int_equal(sv_doc_int(row, "number"), first + given);
        given++;
    }
    sv_block_reader_destroy(reader);
    return given;
}

static void
test_everything_comes_back(void **state)
{
    static const int64_t sizes[] = { 0, 1, 999, 1000, 1001, 2000, 12345 };

    (void) state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char owner[32];
        sv_block_totals_t totals;

        snprintf(owner, sizeof(owner), "all%zu", i);
        totals = write_rows(owner, sizes[i], 20);
        assert_int_equal(totals.rows, sizes[i]);
        assert_int_equal(totals.blocks, sizes[i] == 0 ? 1 : (sizes[i] + SV_BLOCK_ROWS - 1) / SV_BLOCK_ROWS);
        assert_int_equal(read_rows(owner, 0, INT64_MAX), sizes[i]);
    }
}

static void
test_from_any_row(void **state)
{
    static const int64_t firsts[] = { 0, 1, 999, 1000, 1001, 2499, 2500, 2501, 3000, 999999 };

    (void) state;
    write_rows("any", 2500, 10);
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        int64_t left = firsts[i] < 2500 ? 2500 - firsts[i] : 0;

        assert_int_equal(read_rows("any", firsts[i], INT64_MAX), left);
        assert_int_equal(read_rows("any", firsts[i], 30), left < 30 ? left : 30);
    }
}

/* Long rows make blocks of fewer: a row's block is no longer the one its number says. */
static void
test_long_rows(void **state)
{
    static const int64_t firsts[] = { 0, 5, 49, 50, 51, 77, 199, 200, 399 };
    sv_block_totals_t totals;

    (void) state;
    totals = write_rows("long", 400, 40000);
    assert_true(totals.blocks >= 15);
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        assert_int_equal(read_rows("long", firsts[i], 3), firsts[i] + 3 <= 400 ? 3 : 400 - firsts[i]);
    }
    assert_int_equal(read_rows("long", 0, INT64_MAX), 400);
    /* One row larger than a block. */
    totals = write_rows("larger", 3, 3 << 20);
    assert_int_equal(totals.blocks, 3);
    assert_int_equal(read_rows("larger", 1, INT64_MAX), 2);
}

static void
test_the_digest_is_of_the_rows(void **state)
{
    sv_buffer_t bytes;
    char digest[SV_SHA256_HEX_SIZE];

    (void) state;
    sv_buffer_init(&bytes, real.arena, 65536);
    for (int64_t i = 0; i < 1500; i++) {
        bson_t *row = make_row(i, 12);

        sv_buffer_append(&bytes, bson_get_data(row), row->len);
        bson_destroy(row);
    }
    sv_sha256_hex(bytes.data, bytes.length, digest);
    assert_string_equal(write_rows("digest1", 1500, 12).digest, digest);
    assert_string_equal(write_rows("digest2", 1500, 12).digest, digest);
    assert_string_not_equal(write_rows("digest3", 1500, 13).digest, digest);
}

static sv_status_t
read_until_it_fails(const char *owner)
{
    sv_block_place_t place = place_of(owner);
    sv_block_reader_t *reader = sv_block_reader_create(real.store, &place, 0);
    const bson_t *row = NULL;
    sv_status_t status;

    sv_error_clear(&real.error);
    do {
        status = sv_block_reader_next(reader, &row, &real.error);
    } while (status == SV_OK && row != NULL);
    sv_block_reader_destroy(reader);
    sv_error_clear(&real.error);
    return status;
}

static void
test_damage_is_noticed(void **state)
{
    (void) state;
    write_rows("missing", 30000, 5);
    assert_int_equal(read_until_it_fails("missing"), SV_OK);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'missing'}"), 30);
    must(sv_store_delete_many(real.store, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                              sv_real_json(real.arena, "{'snapshot_id': 'missing', 'n': 17}"), NULL, &real.error),
         &real.error);
    assert_int_equal(read_until_it_fails("missing"), SV_ERR_INTERNAL);

    write_rows("short", 3000, 5);
    must(sv_store_delete_many(real.store, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                              sv_real_json(real.arena, "{'snapshot_id': 'short', 'n': 2}"), NULL, &real.error),
         &real.error);
    assert_int_equal(read_until_it_fails("short"), SV_ERR_INTERNAL);

    write_rows("changed", 3000, 5);
    sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'changed', 'n': 1}",
                   "{'$set': {'data': {'$binary': {'base64': 'AAAA', 'subType': '00'}}}}");
    assert_int_equal(read_until_it_fails("changed"), SV_ERR_INTERNAL);
    assert_int_equal(read_until_it_fails("nobody"), SV_ERR_INTERNAL);
}

static void
test_owners_are_apart(void **state)
{
    sv_block_place_t place = place_of("twin.1");

    (void) state;
    write_rows("twin.1", 1500, 8);
    write_rows("twin.2", 2500, 8);
    must(sv_blocks_remove(real.store, &place, &real.error), &real.error);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'twin.1'}"), 0);
    assert_int_equal(read_rows("twin.2", 0, INT64_MAX), 2500);
    must(sv_blocks_remove(real.store, &place, &real.error), &real.error);
}

/* Two readers of one client, row by row in turn, as a comparison reads. */
static void
test_two_readers_at_once(void **state)
{
    sv_block_place_t a = place_of("left"), b = place_of("right");
    sv_block_reader_t *left, *right;
    const bson_t *row = NULL;

    (void) state;
    write_rows("left", 12000, 6);
    write_rows("right", 12000, 7);
    left = sv_block_reader_create(real.store, &a, 0);
    right = sv_block_reader_create(real.store, &b, 0);
    for (int64_t i = 0; i < 12000; i++) {
        must(sv_block_reader_next(left, &row, &real.error), &real.error);
        assert_int_equal(sv_doc_int(row, "number"), i);
        must(sv_block_reader_next(right, &row, &real.error), &real.error);
        assert_int_equal(sv_doc_int(row, "number"), i);
    }
    sv_block_reader_destroy(left);
    sv_block_reader_destroy(right);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(test_everything_comes_back, &real),
        SV_WITH_REAL_MONGODB(test_from_any_row, &real),
        SV_WITH_REAL_MONGODB(test_long_rows, &real),
        SV_WITH_REAL_MONGODB(test_the_digest_is_of_the_rows, &real),
        SV_WITH_REAL_MONGODB(test_damage_is_noticed, &real),
        SV_WITH_REAL_MONGODB(test_owners_are_apart, &real),
        SV_WITH_REAL_MONGODB(test_two_readers_at_once, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
