/* Rows in blocks: everything comes back, from any row on; what is damaged or missing is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "core/base/codec.h"
#include "core/report/blocks/blocks.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static const sv_column_t columns[] = {
    { "number", "Number", SV_COLUMN_INT, true, false, false },
    { "text", "Text", SV_COLUMN_TEXT, false, false, false },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

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

typedef enum { BY_ROWS, BY_COLUMNS } kept_t;

static sv_block_totals_t
write_rows_kept(kept_t kept, const char *owner, const sv_column_t *of, int64_t count, size_t padding)
{
    sv_block_place_t place = place_of(owner);
    sv_block_writer_t *writer;
    sv_block_totals_t totals;
    sv_row_layout_t layout;
    sv_row_packer_t packer;

    sv_row_layout_init(&layout, of, COLUMNS, real.arena);
    sv_row_packer_init(&packer, &layout, real.arena);
    writer = sv_block_writer_create(real.store, &place, &layout, NULL, &real.error);
    for (int64_t i = 0; i < count; i++) {
        bson_t *row = make_row(i, padding);
        const sv_packed_row_t *packed = sv_row_packer_document(&packer, row, &real.error);

        must(kept == BY_ROWS ? sv_block_writer_add(writer, packed, &real.error)
                             : sv_block_writer_add_values(writer, packer.values, &real.error),
             &real.error);
        bson_destroy(row);
    }
    must(sv_block_writer_finish(writer, &totals, &real.error), &real.error);
    must(sv_block_writer_insert_last(writer, real.store, &real.error), &real.error);
    sv_block_writer_destroy(writer);
    return totals;
}

static sv_block_totals_t
write_rows_of(const char *owner, const sv_column_t *of, int64_t count, size_t padding)
{
    return write_rows_kept(BY_ROWS, owner, of, count, padding);
}

static sv_block_totals_t
write_rows(const char *owner, int64_t count, size_t padding)
{
    return write_rows_of(owner, columns, count, padding);
}

static sv_block_totals_t
write_columns(const char *owner, int64_t count, size_t padding)
{
    return write_rows_kept(BY_COLUMNS, owner, columns, count, padding);
}

/* As the version before kept them: documents, one behind the other. */
static void
write_documents(const char *owner, int64_t count, size_t padding, int64_t per_block)
{
    sv_buffer_t raw;

    sv_buffer_init(&raw, real.arena, 65536);
    for (int64_t first = 0, n = 0; first < count; first += per_block, n++) {
        int64_t rows = count - first < per_block ? count - first : per_block;
        uint8_t digest[SV_SHA256_SIZE], *packed;
        bson_t block = BSON_INITIALIZER;
        size_t size;

        raw.length = 0;
        for (int64_t i = 0; i < rows; i++) {
            bson_t *row = make_row(first + i, padding);

            sv_buffer_append(&raw, bson_get_data(row), row->len);
            bson_destroy(row);
        }
        packed = malloc(ZSTD_compressBound(raw.length));
        size = ZSTD_compress(packed, ZSTD_compressBound(raw.length), raw.data, raw.length, 1);
        sv_sha256(packed, size, digest);
        BCON_APPEND(&block, "snapshot_id", BCON_UTF8(owner), "n", BCON_INT64(n), "first_row", BCON_INT64(first), "rows",
                    BCON_INT64(rows), "bytes", BCON_INT64((int64_t) raw.length), "last",
                    BCON_BOOL(first + rows == count), "sha256", BCON_BIN(BSON_SUBTYPE_BINARY, digest, sizeof(digest)),
                    "data", BCON_BIN(BSON_SUBTYPE_BINARY, packed, (uint32_t) size));
        must(sv_store_insert(real.store, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, &block, &real.error), &real.error);
        bson_destroy(&block);
        free(packed);
    }
}

static sv_block_reader_t *
reader_of(const char *owner, int64_t first)
{
    sv_block_place_t place = place_of(owner);

    return sv_block_reader_create(real.store, &place, columns, COLUMNS, first);
}

static sv_block_reader_t *
reader_ahead_of(const char *owner, int64_t first)
{
    sv_block_reader_t *reader = reader_of(owner, first);

    sv_block_reader_run_ahead(reader);
    return reader;
}

typedef sv_block_reader_t *(*open_t)(const char *owner, int64_t first);

/* Reads from `first` on, at most `limit` rows; each must be the next. */
static int64_t
read_rows_by(open_t open, const char *owner, int64_t first, int64_t limit)
{
    sv_block_reader_t *reader = open(owner, first);
    const bson_t *row = NULL;
    int64_t given = 0;

    while (given < limit) {
        must(sv_block_reader_next_document(reader, &row, &real.error), &real.error);
        if (row == NULL) {
            break;
        }
        assert_int_equal(sv_doc_int(row, "number"), first + given);
        given++;
    }
    sv_block_reader_destroy(reader);
    return given;
}

/* It is the same whoever opens the blocks. */
static int64_t
read_rows(const char *owner, int64_t first, int64_t limit)
{
    int64_t given = read_rows_by(reader_of, owner, first, limit);

    assert_int_equal(read_rows_by(reader_ahead_of, owner, first, limit), given);
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
        snprintf(owner, sizeof(owner), "columns%zu", i);
        assert_int_equal(write_columns(owner, sizes[i], 20).blocks, totals.blocks);
        assert_int_equal(read_rows(owner, 0, INT64_MAX), sizes[i]);
    }
}

static void
test_from_any_row(void **state)
{
    static const int64_t firsts[] = { 0, 1, 999, 1000, 1001, 2499, 2500, 2501, 3000, 999999 };

    (void) state;
    write_rows("any", 2500, 10);
    write_columns("any column", 2500, 10);
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        int64_t left = firsts[i] < 2500 ? 2500 - firsts[i] : 0;

        assert_int_equal(read_rows("any", firsts[i], INT64_MAX), left);
        assert_int_equal(read_rows("any", firsts[i], 30), left < 30 ? left : 30);
        assert_int_equal(read_rows("any column", firsts[i], INT64_MAX), left);
    }
}

/* What was read of the first block is read again. */
static void
it_begins_again(sv_block_reader_t *reader, int64_t first)
{
    const bson_t *row = NULL;

    for (int round = 0; round < 3; round++) {
        for (int64_t i = first; i < first + 60; i++) {
            must(sv_block_reader_next_document(reader, &row, &real.error), &real.error);
            assert_int_equal(sv_doc_int(row, "number"), i);
        }
        assert_true(sv_block_reader_rewind(reader));
    }
    for (int64_t i = first; i <= SV_BLOCK_ROWS; i++) {
        must(sv_block_reader_next_document(reader, &row, &real.error), &real.error);
    }
    assert_false(sv_block_reader_rewind(reader));
    sv_block_reader_destroy(reader);
}

static void
test_beginning_again(void **state)
{
    (void) state;
    write_rows("again", 2500, 10);
    write_columns("again column", 2500, 10);
    for (int64_t first = 0; first < 500; first += 499) {
        it_begins_again(reader_of("again", first), first);
        it_begins_again(reader_ahead_of("again", first), first);
        it_begins_again(reader_of("again column", first), first);
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
    totals = write_columns("long column", 400, 40000);
    assert_true(totals.blocks >= 15);
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        assert_int_equal(read_rows("long column", firsts[i], 3), firsts[i] + 3 <= 400 ? 3 : 400 - firsts[i]);
    }
    /* One row larger than a block. */
    totals = write_rows("larger", 3, 3 << 20);
    assert_int_equal(totals.blocks, 3);
    assert_int_equal(read_rows("larger", 1, INT64_MAX), 2);
}

static void
test_the_digest_is_of_the_rows(void **state)
{
    static const sv_column_t others[] = {
        { "number", "Number", SV_COLUMN_INT, true, false, false },
        { "text2", "Text", SV_COLUMN_TEXT, false, false, false },
    };
    static const sv_column_t renamed[] = {
        { "number", "No.", SV_COLUMN_INT, true, false, false },
        { "text", "Remark", SV_COLUMN_TEXT, false, false, false },
    };
    char digest[SV_SHA256_HEX_SIZE];

    (void) state;
    snprintf(digest, sizeof(digest), "%s", write_rows("digest1", 1500, 12).digest);
    assert_string_equal(write_rows("digest2", 1500, 12).digest, digest);
    assert_string_not_equal(write_rows("digest3", 1500, 13).digest, digest);
    assert_string_not_equal(write_rows("digest4", 1499, 12).digest, digest);
    /* The same values in another column are other rows; another title is none of theirs. */
    assert_string_not_equal(write_rows_of("digest5", others, 1500, 12).digest, digest);
    assert_string_equal(write_rows_of("digest6", renamed, 1500, 12).digest, digest);
}

/* Packed, they are the same. */
static void
are_packed_alike(const char *one, const char *other, int64_t count)
{
    sv_block_reader_t *left = reader_of(one, 0), *right = reader_of(other, 0);
    const sv_packed_row_t *a = NULL, *b = NULL;

    do {
        must(sv_block_reader_next(left, &a, &real.error), &real.error);
        must(sv_block_reader_next(right, &b, &real.error), &real.error);
        assert_int_equal(a != NULL, b != NULL);
        if (a != NULL) {
            assert_int_equal(a->length, b->length);
            assert_memory_equal(a->bytes, b->bytes, a->length);
            count--;
        }
    } while (a != NULL);
    assert_int_equal(count, 0);
    sv_block_reader_destroy(left);
    sv_block_reader_destroy(right);
}

static void
documents_of_the_version_before_are_read(void **state)
{
    static const int64_t firsts[] = { 0, 1, 999, 1000, 1001, 2499, 2500 };

    (void) state;
    write_documents("old", 2500, 10, 1000);
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        assert_int_equal(read_rows("old", firsts[i], INT64_MAX), 2500 - firsts[i]);
    }
    write_documents("old long", 100, 40000, 25);
    assert_int_equal(read_rows("old long", 60, INT64_MAX), 40);
    write_rows("fresh", 2500, 10);
    write_columns("fresh column", 2500, 10);
    are_packed_alike("old", "fresh", 2500);
    are_packed_alike("old", "fresh column", 2500);
}

static sv_status_t
read_until_it_fails_by(open_t open, const char *owner)
{
    sv_block_reader_t *reader = open(owner, 0);
    const bson_t *row = NULL;
    sv_status_t status;

    sv_error_clear(&real.error);
    do {
        status = sv_block_reader_next_document(reader, &row, &real.error);
    } while (status == SV_OK && row != NULL);
    sv_block_reader_destroy(reader);
    sv_error_clear(&real.error);
    return status;
}

static sv_status_t
read_until_it_fails(const char *owner)
{
    sv_status_t status = read_until_it_fails_by(reader_of, owner);

    assert_int_equal(read_until_it_fails_by(reader_ahead_of, owner), status);
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

    write_rows("later", 10, 5);
    sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'later', 'n': 0}",
                   "{'$set': {'format': 4}}");
    assert_int_equal(read_until_it_fails("later"), SV_ERR_INTERNAL);
    /* Rows read as what they are not. */
    write_rows("confused", 10, 5);
    sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'confused', 'n': 0}",
                   "{'$unset': {'format': ''}}");
    assert_int_equal(read_until_it_fails("confused"), SV_ERR_INTERNAL);
    write_documents("confused too", 10, 5, 10);
    sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'confused too', 'n': 0}",
                   "{'$set': {'format': 2}}");
    assert_int_equal(read_until_it_fails("confused too"), SV_ERR_INTERNAL);
    sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'confused too', 'n': 0}",
                   "{'$set': {'format': 3}}");
    assert_int_equal(read_until_it_fails("confused too"), SV_ERR_INTERNAL);
    write_columns("confused column", 10, 5);
    for (int format = 0; format < 3; format++) {
        sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'confused column', 'n': 0}",
                       sv_arena_printf(real.arena, "{'$set': {'format': %d}}", format));
        assert_int_equal(read_until_it_fails("confused column"), SV_ERR_INTERNAL);
    }
    /* More rows than it has. */
    sv_real_update(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{'snapshot_id': 'confused column', 'n': 0}",
                   "{'$set': {'format': 3, 'rows': 11}}");
    assert_int_equal(read_until_it_fails("confused column"), SV_ERR_INTERNAL);
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
    sv_block_reader_t *left, *right;
    const bson_t *row = NULL;

    (void) state;
    write_rows("left", 12000, 6);
    write_rows("right", 12000, 7);
    left = reader_ahead_of("left", 0);
    right = reader_ahead_of("right", 0);
    for (int64_t i = 0; i < 12000; i++) {
        must(sv_block_reader_next_document(left, &row, &real.error), &real.error);
        assert_int_equal(sv_doc_int(row, "number"), i);
        must(sv_block_reader_next_document(right, &row, &real.error), &real.error);
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
        SV_WITH_REAL_MONGODB(test_beginning_again, &real),
        SV_WITH_REAL_MONGODB(test_long_rows, &real),
        SV_WITH_REAL_MONGODB(test_the_digest_is_of_the_rows, &real),
        SV_WITH_REAL_MONGODB(documents_of_the_version_before_are_read, &real),
        SV_WITH_REAL_MONGODB(test_damage_is_noticed, &real),
        SV_WITH_REAL_MONGODB(test_owners_are_apart, &real),
        SV_WITH_REAL_MONGODB(test_two_readers_at_once, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
