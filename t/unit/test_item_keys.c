/* The codes that find an item, and the pack that one of them means. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/items/item_keys.h"
#include "core/store/document.h"

static const char *
keys_of(const char *item_json, sv_arena_t *arena)
{
    bson_t *item = sv_doc_take(bson_new_from_json((const uint8_t *) item_json, -1, NULL), arena), *set;
    bson_iter_t field, key;
    sv_buffer_t text;

    assert_non_null(item);
    set = sv_doc_new(arena);
    sv_buffer_init(&text, arena, 64);
    sv_buffer_puts(&text, "");
    sv_item_keys_put(set, item, arena);
    assert_true(bson_iter_init_find(&field, set, "lookup_keys") && bson_iter_recurse(&field, &key));
    while (bson_iter_next(&key)) {
        sv_buffer_printf(&text, "%s%s", text.length > 0 ? " " : "", bson_iter_utf8(&key, NULL));
    }
    return text.data;
}

static void
every_code_of_an_item_is_a_key(void **state)
{
    static const struct {
        const char *item, *keys;
    } cases[] = {
        { "{\"item_code\": \"A-1\"}", "A-1" },
        { "{\"item_code\": \"A-1\", \"barcode\": null, \"barcodes\": []}", "A-1" },
        { "{\"item_code\": \"4006381333931\"}", "4006381333931 04006381333931" },
        { "{\"item_code\": \"A\", \"barcode\": \"036000291452\", \"barcodes\": [\"036000291452\", \"0036000291452\"]}",
          "A 036000291452 00036000291452 0036000291452" },
        { "{\"item_code\": \"A\", \"manual_barcode\": \"HAND 7\", \"barcodes\": [\"4006381333932\"]}",
          "A HAND 7 4006381333932" },
        { "{\"item_code\": \"A\", \"packs\": [{\"uom\": \"box\", \"barcodes\": [\"BOX\"]}, {\"uom\": \"pal\"}]}",
          "A BOX" },
        { "{\"item_code\": \"A\", \"barcodes\": \"B\", \"packs\": 7, \"barcode\": 12}", "A" },
    };
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(keys_of(cases[i].item, arena), cases[i].keys);
    }
    sv_arena_destroy(arena);
}

static void
a_pack_is_known_by_its_barcodes(void **state)
{
    static const char json[] = "{\"item_code\": \"A\", \"barcode\": \"B\", \"packs\": [{\"uom\": \"box\", \"barcodes\":"
                               " [\"X\", \"036000291452\"]}, {\"uom\": \"pallet\", \"barcodes\": [\"P\"]}]}";
    sv_arena_t *arena = sv_arena_create();
    const bson_t *item = sv_doc_take(bson_new_from_json((const uint8_t *) json, -1, NULL), arena);

    (void) state;
    assert_null(sv_item_pack_of(item, "A", arena));
    assert_null(sv_item_pack_of(item, "B", arena));
    assert_string_equal(sv_doc_text(sv_item_pack_of(item, "X", arena), "uom", arena), "box");
    assert_string_equal(sv_doc_text(sv_item_pack_of(item, "00036000291452", arena), "uom", arena), "box");
    assert_string_equal(sv_doc_text(sv_item_pack_of(item, "P", arena), "uom", arena), "pallet");
    sv_arena_destroy(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_of_an_item_is_a_key),
        cmocka_unit_test(a_pack_is_known_by_its_barcodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
