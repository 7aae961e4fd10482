#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/document.h"
#include "core/store/element.h"

/* Finding an element by its name: as bson_iter_find(), in documents of every type and in those that are cut off. */

static bson_t *
every_type(void)
{
    bson_t *document =
        BCON_NEW("text", BCON_UTF8("a rack"), "number", BCON_INT32(7), "long", BCON_INT64(8), "half", BCON_DOUBLE(0.5),
                 "yes", BCON_BOOL(true), "nothing", BCON_NULL, "list", "[", BCON_INT32(1), BCON_UTF8("two"), "]",
                 "child", "{", "text", BCON_UTF8("inside"), "child", "{", "deep", BCON_INT32(3), "}", "}", "at",
                 BCON_DATE_TIME(1234), "low", BCON_MINKEY, "high", BCON_MAXKEY, "old", BCON_UNDEFINED);
    bson_decimal128_t decimal;
    bson_oid_t oid;

    bson_decimal128_from_string("1.5", &decimal);
    bson_oid_init_from_string(&oid, "0123456789abcdef01234567");
    BSON_APPEND_DECIMAL128(document, "quantity", &decimal);
    BSON_APPEND_OID(document, "_id", &oid);
    BSON_APPEND_BINARY(document, "bytes", BSON_SUBTYPE_BINARY, (const uint8_t *) "\1\0\2", 3);
    BSON_APPEND_TIMESTAMP(document, "stamp", 5, 6);
    BSON_APPEND_CODE(document, "code", "1 + 1");
    BSON_APPEND_SYMBOL(document, "symbol", "s");
    BSON_APPEND_UTF8(document, "", "no name");
    /* Behind this one only libbson goes on. */
    BSON_APPEND_REGEX(document, "pattern", "^a", "i");
    BSON_APPEND_UTF8(document, "last", "behind");
    return document;
}

static void
test_finds_what_libbson_finds(void **state)
{
    bson_t *document = every_type();
    bson_iter_t each, found;

    (void) state;
    assert_true(bson_iter_init(&each, document));
    while (bson_iter_next(&each)) {
        const char *name = bson_iter_key(&each);

        assert_true(sv_element_find(document, name, strlen(name), &found));
        assert_string_equal(bson_iter_key(&found), name);
        assert_int_equal(bson_iter_type(&found), bson_iter_type(&each));
        assert_int_equal(found.off, each.off);
    }
    assert_true(sv_element_find(document, "last", 4, &found));
    assert_string_equal(bson_iter_utf8(&found, NULL), "behind");
    bson_destroy(document);
}

static void
test_finds_no_part_of_a_name(void **state)
{
    bson_t *document = every_type();
    bson_iter_t found;

    (void) state;
    assert_false(sv_element_find(document, "tex", 3, &found));
    assert_false(sv_element_find(document, "texts", 5, &found));
    assert_false(sv_element_find(document, "deep", 4, &found));
    assert_false(sv_element_find(&(bson_t) BSON_INITIALIZER, "text", 4, &found));
    bson_destroy(document);
}

static void
test_paths_lead_through_documents_and_lists(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *document = sv_doc_take(every_type(), arena);

    (void) state;
    assert_string_equal(sv_doc_text(document, "child.text", arena), "inside");
    assert_int_equal(sv_doc_int(document, "child.child.deep"), 3);
    assert_string_equal(sv_doc_text(document, "list.1", arena), "two");
    assert_null(sv_doc_text(document, "text.more", arena));
    assert_false(sv_doc_has(document, "child.absent"));
    assert_false(sv_doc_has(document, "nothing"));
    assert_int_equal(bson_count_keys(sv_doc_child(document, "child", arena)), 2);
    assert_null(sv_doc_child(document, "text", arena));
    sv_arena_destroy(arena);
}

/* Wherever a length is wrong: nothing is read behind the document's end, as AddressSanitizer sees. */
static void
test_stays_inside_malformed_documents(void **state)
{
    bson_t *document = every_type();

    (void) state;
    for (uint32_t i = 4; i + 1 < document->len; i++) {
        uint8_t *bytes = malloc(document->len);
        bson_iter_t found;
        bson_t view;

        for (int value = 0; value < 256; value += 51) {
            memcpy(bytes, bson_get_data(document), document->len);
            bytes[i] = (uint8_t) value;
            assert_true(bson_init_static(&view, bytes, document->len));
            sv_element_find(&view, "absent", 6, &found);
            sv_element_find(&view, "last", 4, &found);
        }
        free(bytes);
    }
    bson_destroy(document);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_libbson_finds),
        cmocka_unit_test(test_finds_no_part_of_a_name),
        cmocka_unit_test(test_paths_lead_through_documents_and_lists),
        cmocka_unit_test(test_stays_inside_malformed_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
