/* Documents read on a thread of their own: all of them, whole, in their order, and left in the midst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/query/cursor_ahead.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

enum { MANY = 3000, LONG_EACH = 500, LONG = 3 << 20, BATCH = 300 };

static sv_real_mongodb_t real;

static size_t
size_of(int n)
{
    return n % LONG_EACH == LONG_EACH - 1 ? LONG : (size_t) (n * 37 % 1000);
}

static void
fill(int count)
{
    bson_t *documents[BATCH];
    bson_error_t reason;
    uint8_t *data = calloc(1, LONG);

    for (int first = 0; first < count; first += BATCH) {
        for (int i = 0; i < BATCH; i++) {
            documents[i] =
                BCON_NEW("snapshot_id", BCON_UTF8("s"), "n", BCON_INT64(first + i), "data",
                         BCON_BIN(BSON_SUBTYPE_BINARY, data, (uint32_t) size_of(first + i)));
        }
        if (!mongoc_collection_insert_many(real.store->collections[SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS],
                                           (const bson_t **) documents, BATCH, NULL, NULL, &reason)) {
            fail_msg("%s", reason.message);
        }
        for (int i = 0; i < BATCH; i++) {
            bson_destroy(documents[i]);
        }
    }
    free(data);
}

static mongoc_cursor_t *
cursor_over(const char *filter)
{
    bson_t *options = sv_real_json(real.arena, "{'sort': {'n': 1}, 'batchSize': 100}");

    return mongoc_collection_find_with_opts(real.store->collections[SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS],
                                            sv_real_json(real.arena, filter), options, NULL);
}

/* Reads so many documents, or up to the end: how many there were. */
static int
read_some(sv_cursor_ahead_t *ahead, int most)
{
    const bson_t *document;
    int n = 0;

    while (n < most && sv_cursor_ahead_next(ahead, &document, &real.error) == SV_OK && document != NULL) {
        bson_iter_t iter;
        const uint8_t *data;
        uint32_t size;

        assert_true(bson_validate(document, BSON_VALIDATE_NONE, NULL));
        assert_int_equal(sv_doc_int(document, "n"), n);
        assert_true(bson_iter_init_find(&iter, document, "data"));
        bson_iter_binary(&iter, NULL, &size, &data);
        assert_int_equal(size, size_of(n));
        n++;
    }
    assert_int_equal(real.error.status, SV_OK);
    return n;
}

static void
all_documents_come_in_their_order(void **state)
{
    mongoc_cursor_t *cursor;
    sv_cursor_ahead_t *ahead;
    const bson_t *document;
    bson_error_t reason;

    (void) state;
    fill(MANY);
    cursor = cursor_over("{}");
    ahead = sv_cursor_ahead_create(cursor);
    assert_int_equal(read_some(ahead, MANY + 1), MANY);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sv_cursor_ahead_next(ahead, &document, &real.error), SV_OK);
        assert_null(document);
    }
    sv_cursor_ahead_destroy(ahead);
    assert_false(mongoc_cursor_error(cursor, &reason));
    mongoc_cursor_destroy(cursor);
}

static void
nothing_is_the_end(void **state)
{
    mongoc_cursor_t *cursor = cursor_over("{'n': -1}");
    sv_cursor_ahead_t *ahead = sv_cursor_ahead_create(cursor);

    (void) state;
    assert_int_equal(read_some(ahead, 1), 0);
    sv_cursor_ahead_destroy(ahead);
    mongoc_cursor_destroy(cursor);
}

static void
why_it_ended_is_the_cursors_to_tell(void **state)
{
    mongoc_cursor_t *cursor = cursor_over("{'n': {'$nothing': 1}}");
    sv_cursor_ahead_t *ahead = sv_cursor_ahead_create(cursor);
    bson_error_t reason;

    (void) state;
    assert_int_equal(read_some(ahead, 1), 0);
    sv_cursor_ahead_destroy(ahead);
    assert_true(mongoc_cursor_error(cursor, &reason));
    mongoc_cursor_destroy(cursor);
}

/* Its client is free for others afterwards. */
static void
it_may_be_left_at_any_time(void **state)
{
    (void) state;
    fill(BATCH);
    for (int most = 0; most < BATCH; most += 73) {
        mongoc_cursor_t *cursor = cursor_over("{}");
        sv_cursor_ahead_t *ahead = sv_cursor_ahead_create(cursor);

        assert_int_equal(read_some(ahead, most), most);
        sv_cursor_ahead_destroy(ahead);
        mongoc_cursor_destroy(cursor);
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "{}"), BATCH);
    }
    sv_cursor_ahead_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(all_documents_come_in_their_order, &real),
        SV_WITH_REAL_MONGODB(nothing_is_the_end, &real),
        SV_WITH_REAL_MONGODB(why_it_ended_is_the_cursors_to_tell, &real),
        SV_WITH_REAL_MONGODB(it_may_be_left_at_any_time, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
