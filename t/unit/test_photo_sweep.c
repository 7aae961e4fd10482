/* Which photos, and what of uploads, are removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "core/base/json_reader.h"
#include "core/photos/photo.h"
#include "core/store/document.h"
#include "core/sync/record_form.h"
#include "core/sync/record_read.h"
#include "core/unknown/unknown_item.h"
#include "core/verify/count_lines.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static void
insert(sv_collection_t collection, const char *format, const char *a, const char *b)
{
    sv_real_insert(&real, collection, sv_arena_printf(real.arena, format, a, b));
}

/* A photo and its chunk; `last` are the last digits of its _id. */
static void
photo(const char *id, const char *last, const char *looked_at)
{
    sv_real_insert(&real, SV_COLLECTION_PHOTOS,
                   sv_arena_printf(real.arena,
                                   "{'_id':{'$oid':'6500000000000000000000%s'},'client_photo_id':'%s','user_id':'u',"
                                   "'looked_at':{'$date':'%s'}}",
                                   last, id, looked_at));
    insert(SV_COLLECTION_PHOTO_CHUNKS, "{'files_id':{'$oid':'6500000000000000000000%s'},'n':0,'id':'%s'}", last, id);
}

static void
upload(const char *id, const char *begun_at)
{
    insert(SV_COLLECTION_PHOTO_UPLOADS, "{'_id':{'$oid':'%s'},'begun_at':{'$date':'%s'}}", id, begun_at);
    insert(SV_COLLECTION_PHOTO_CHUNKS, "{'files_id':{'$oid':'%s'},'n':0,'id':'%s'}", id, id);
    insert(SV_COLLECTION_PHOTO_CHUNKS, "{'files_id':{'$oid':'%s'},'n':1,'id':'%s'}", id, id);
}

static int64_t
sweep(void)
{
    int64_t swept;

    assert_int_equal(sv_photos_sweep(real.store, &swept, &real.error), SV_OK);
    return swept;
}

static void
uploads_that_were_left_are_removed(void **state)
{
    (void) state;
    upload("650000000000000000000001", "2020-01-01T00:00:00Z");
    upload("650000000000000000000002", "2999-01-01T00:00:00Z");
    photo("whole", "03", "2999-01-01T00:00:00Z");
    assert_int_equal(sweep(), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_UPLOADS, "{}"), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_CHUNKS, "{'id':'650000000000000000000001'}"), 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_CHUNKS, "{'id':'650000000000000000000002'}"), 2);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_CHUNKS, "{'id':'whole'}"), 1);
    assert_int_equal(sweep(), 0);
}

static void
photos_that_something_names_stay(void **state)
{
    static const char old[] = "2020-01-01T00:00:00Z";

    (void) state;
    photo("of-record", "01", old);
    photo("of-line", "02", old);
    photo("of-find", "03", old);
    photo("of-conflict", "04", old);
    photo("6f1b2c1e-6a57-4c8e-9a57-0d4c3f2b1a00", "05", old);
    photo("of-nothing", "06", old);
    photo("of-nothing-yet", "07", "2999-01-01T00:00:00Z");
    insert(SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id':'r','photo_proofs':['%s','%s']}", "of-record",
           "6F1B2C1E-6A57-4C8E-9A57-0D4C3F2B1A00");
    insert(SV_COLLECTION_COUNT_LINES, "{'line_id':'l','photo_proofs':['x','%s','%s']}", "of-line", "y");
    insert(SV_COLLECTION_UNKNOWN_ITEMS, "{'unknown_item_id':'f','photos':['%s','%s']}", "of-find", "x");
    insert(SV_COLLECTION_SYNC_CONFLICTS, "{'conflict_id':'%s','mine':{'photo_proofs':['%s']}}", "c", "of-conflict");
    assert_int_equal(sweep(), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTOS, "{}"), 6);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTOS, "{'client_photo_id':'of-nothing'}"), 0);
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_PHOTOS, "{'looked_at':{'$lt':{'$date':'2021-01-01T00:00:00Z'}}}"), 0);
    assert_int_equal(sweep(), 0);
}

/* As a phone may write an id that is stored in small letters. */
static const char mixed[] = "6F1b2c1e-6a57-4c8E-9a57-0d4c3f2b1a00";

static const bson_t *
as_a_line_is_stored(void)
{
    const char *text = sv_arena_printf(real.arena,
                                       "{\"session_id\":\"s\",\"lines\":[{\"line_id\":\"l\",\"item_code\":\"A\","
                                       "\"created_at\":\"2020-01-01T00:00:00Z\",\"photo_proofs\":[\"x\",\"%s\"]}]}",
                                       mixed);
    sv_count_lines_t lines;

    assert_int_equal(
        sv_count_lines_read(sv_json_parse_object(text, strlen(text), real.arena, &real.error), &lines, &real.error),
        SV_OK);
    return lines.lines[0].document;
}

static const bson_t *
as_a_record_is_stored(void)
{
    const char *text =
        sv_arena_printf(real.arena,
                        "{\"client_record_id\":\"r\",\"session_id\":\"s\",\"item_code\":\"A\",\"verified_qty\":1,"
                        "\"status\":\"finalized\",\"created_at\":\"2020-01-01T00:00:00Z\","
                        "\"updated_at\":\"2020-01-01T00:00:00Z\",\"photo_proofs\":[\"%s\"]}",
                        mixed);
    bson_t *document = sv_doc_new(real.arena);
    sv_record_reader_t reader;
    sv_record_t record;

    sv_record_reader_init(&reader, real.arena);
    sv_record_read(&reader, sv_json_parse_object(text, strlen(text), real.arena, &real.error), 0, &record);
    assert_null(record.fault.code);
    BSON_APPEND_UTF8(document, "client_record_id", "r");
    sv_record_append(document, &record);
    return document;
}

static const bson_t *
as_a_find_is_stored(void)
{
    const char *text = sv_arena_printf(real.arena, "{\"unknown_item_id\":\"f\",\"photos\":[\"%s\"]}", mixed);
    bson_t *document = sv_doc_take(BCON_NEW("unknown_item_id", "f"), real.arena);
    sv_find_t find;

    assert_int_equal(
        sv_find_read(sv_json_parse_object(text, strlen(text), real.arena, &real.error), &find, &real.error), SV_OK);
    sv_doc_put_texts(document, "photos", find.photos, find.photo_count);
    return document;
}

/* Whatever names it. */
static void
a_photo_stays_that_is_named_in_small_letters_and_capitals(void **state)
{
    const struct {
        sv_collection_t collection;
        const bson_t *(*document)(void);
    } names[] = { { SV_COLLECTION_VERIFICATION_RECORDS, as_a_record_is_stored },
                  { SV_COLLECTION_COUNT_LINES, as_a_line_is_stored },
                  { SV_COLLECTION_UNKNOWN_ITEMS, as_a_find_is_stored } };

    (void) state;
    photo("6f1b2c1e-6a57-4c8e-9a57-0d4c3f2b1a00", "01", "2020-01-01T00:00:00Z");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(sv_store_insert(real.store, names[i].collection, names[i].document(), &real.error), SV_OK);
        assert_int_equal(sweep(), 0);
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTOS, "{}"), 1);
        sv_real_update(&real, SV_COLLECTION_PHOTOS, "{}", "{'$set':{'looked_at':{'$date':'2020-01-01T00:00:00Z'}}}");
        assert_int_equal(
            sv_store_delete_many(real.store, names[i].collection, sv_doc_new(real.arena), NULL, &real.error), SV_OK);
    }
}

static void
the_chunks_of_a_removed_photo_follow_it(void **state)
{
    (void) state;
    photo("orphan", "01", "2020-01-01T00:00:00Z");
    assert_int_equal(sweep(), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_CHUNKS, "{}"), 1);
    sv_real_update(&real, SV_COLLECTION_PHOTO_UPLOADS, "{'swept':true}",
                   "{'$set':{'begun_at':{'$date':'2020-01-01T00:00:00Z'}}}");
    assert_int_equal(sweep(), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_CHUNKS, "{}"), 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_PHOTO_UPLOADS, "{}"), 0);
}

static void
more_than_a_look_is_removed_in_a_round(void **state)
{
    enum { PHOTOS = 450 };

    (void) state;
    for (int i = 0; i < PHOTOS; i++) {
        insert(SV_COLLECTION_PHOTOS, "{'client_photo_id':'p%s','looked_at':{'$date':'%s'}}",
               sv_arena_printf(real.arena, "%d", i), "2020-01-01T00:00:00Z");
    }
    assert_int_equal(sweep(), PHOTOS);
}

static void
nothing_is_an_orphan_without_days(void **state)
{
    (void) state;
    real.settings.photo_orphan_days = 0;
    photo("orphan", "01", "2020-01-01T00:00:00Z");
    assert_int_equal(sweep(), 0);
    real.settings.photo_orphan_days = 90;
    assert_int_equal(sweep(), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(uploads_that_were_left_are_removed, &real),
        SV_WITH_REAL_MONGODB(photos_that_something_names_stay, &real),
        SV_WITH_REAL_MONGODB(a_photo_stays_that_is_named_in_small_letters_and_capitals, &real),
        SV_WITH_REAL_MONGODB(the_chunks_of_a_removed_photo_follow_it, &real),
        SV_WITH_REAL_MONGODB(more_than_a_look_is_removed_in_a_round, &real),
        SV_WITH_REAL_MONGODB(nothing_is_an_orphan_without_days, &real),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
