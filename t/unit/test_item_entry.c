/* What Redis keeps of a scanned code: made, read again, and refused when it is another's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/items/item_entry.h"
#include "core/store/document.h"

static const char item_json[] =
    "{\"item_code\": \"A\\t1\", \"item_name\": \"Tea\\n\\\"green\\\"\", \"verified_qty\": 17,"
    " \"variance\": -3, \"overlay_warehouse\": \"Nord\", \"packs\": [{\"uom\": \"box\", \"factor\": 12}]}";

static const char *
entry_of(const char *generation, sv_arena_t *arena)
{
    const bson_t *item = sv_doc_take(bson_new_from_json((const uint8_t *) item_json, -1, NULL), arena);
    sv_item_stock_t *stocks = sv_arena_zalloc(arena, 2 * sizeof(*stocks));
    sv_item_match_t match = { .item = item, .stocks = { stocks, 2 }, .score = 1 };

    stocks[0] = (sv_item_stock_t){ "Nord", true, 12500000 };
    stocks[1] = (sv_item_stock_t){ "Süd", false, 0 };
    return sv_item_entry_make(SV_ENTRY_EXACT, generation, &match, 1, arena);
}

static const char *
told_to(bool is_staff, const char *entry, const char *warehouse, bool blind, sv_arena_t *arena)
{
    const sv_item_view_t view = { .warehouse = warehouse, .blind = blind, .is_staff = is_staff };
    sv_item_entry_view_t read;
    sv_json_writer_t w;
    sv_buffer_t *out = sv_arena_alloc(arena, sizeof(*out));

    assert_true(sv_item_entry_read(entry, strlen(entry), NULL, &read));
    assert_int_equal(read.count, 1);
    sv_buffer_init(out, arena, 256);
    sv_json_writer_init(&w, out);
    sv_json_object(&w, NULL);
    sv_item_entry_write(&w, &read, 0, &view);
    sv_json_end(&w);
    return out->data;
}

static const char *
told(const char *entry, const char *warehouse, bool blind, sv_arena_t *arena)
{
    return told_to(false, entry, warehouse, blind, arena);
}

static void
an_entry_tells_each_warehouse_its_own(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const char *entry = entry_of("7", arena);

    (void) state;
    assert_non_null(strstr(told(entry, "Nord", false, arena), "\"stock_qty\":12.5,"));
    assert_non_null(strstr(told(entry, "Nord", false, arena), "\"variance\":-3"));
    assert_non_null(
        strstr(told(entry, "Nord", false, arena), "\"item_code\":\"A\\t1\",\"item_name\":\"Tea\\n\\\"green\\\"\""));
    assert_non_null(strstr(told(entry, "Süd", false, arena), "\"stock_qty\":null"));
    assert_non_null(strstr(told(entry, "West", false, arena), "\"stock_qty\":null"));
    assert_non_null(strstr(told(entry, NULL, false, arena), "\"stock_qty\":null"));
    sv_arena_destroy(arena);
}

static void
a_blind_view_has_no_quantity(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const char *text = told(entry_of("7", arena), "Nord", true, arena);

    (void) state;
    assert_null(strstr(text, "12.5"));
    assert_null(strstr(text, "17"));
    assert_null(strstr(text, "stock_qty"));
    assert_null(strstr(text, "variance"));
    sv_arena_destroy(arena);
}

static void
staff_are_told_what_was_counted_where_they_look(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const char *entry = entry_of("7", arena);

    (void) state;
    assert_non_null(strstr(told_to(true, entry, "Nord", false, arena), "\"variance\":-3"));
    assert_non_null(strstr(told_to(true, entry, NULL, false, arena), "\"variance\":-3"));
    assert_non_null(strstr(told_to(true, entry, "West", false, arena), "\"verified_qty\":null"));
    assert_non_null(strstr(told_to(true, entry, "West", false, arena), "\"variance\":null"));
    assert_non_null(strstr(told_to(false, entry, "West", false, arena), "\"variance\":-3"));
    sv_arena_destroy(arena);
}

static void
others_are_refused(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const char *entry = entry_of("7", arena);
    static const char *const wrong[] = { "", "\n", "2", "2\t7", "2\t7\t\n", "1\t7\te\n", "2\t7\tee\n", "x" };
    sv_item_entry_view_t read;

    (void) state;
    assert_true(sv_item_entry_read(entry, strlen(entry), "7", &read));
    assert_false(sv_item_entry_read(entry, strlen(entry), "8", &read));
    assert_false(sv_item_entry_read(entry, strlen(entry), "77", &read));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(sv_item_entry_read(wrong[i], strlen(wrong[i]), "7", &read));
    }
    /* whatever is cut off, nothing behind the end is read */
    for (size_t length = 0; length < strlen(entry); length++) {
        char *cut = test_malloc(length + 1);

        memcpy(cut, entry, length);
        if (sv_item_entry_read(cut, length, "7", &read) && read.count > 0) {
            const sv_item_view_t view = { .warehouse = "Nord" };
            sv_json_writer_t w;
            sv_buffer_t out;

            sv_buffer_init(&out, arena, 256);
            sv_json_writer_init(&w, &out);
            sv_json_object(&w, NULL);
            sv_item_entry_write(&w, &read, 0, &view);
        }
        test_free(cut);
    }
    sv_arena_destroy(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_tells_each_warehouse_its_own),
        cmocka_unit_test(a_blind_view_has_no_quantity),
        cmocka_unit_test(staff_are_told_what_was_counted_where_they_look),
        cmocka_unit_test(others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
