/* Imports: numbers and texts as other systems write them, and rows that are refused by line, column and reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth/password_import.h"
#include "core/base/buffer.h"
#include "core/import/field_text.h"
#include "core/import/import.h"
#include "core/import/number.h"
#include "core/store/document.h"

static void
numbers_are_read_as_others_write_them(void **state)
{
    static const struct {
        const char *text;
        sv_quantity_t millionths;
    } good[] = {
        { "12", 12000000 },
        { "12.00000000", 12000000 },
        { "1E+2", 100000000 },
        { "1.5e1", 15000000 },
        { "25E-1", 2500000 },
        { "0E-8", 0 },
        { "0E+99", 0 },
        { "000.000000000000", 0 },
        { "7.", 7000000 },
        { ".5", 500000 },
        { "-.5", -500000 },
        { "+3", 3000000 },
        { "5.000-", -5000000 },
        { "0.000001", 1 },
        { "1E-6", 1 },
        { "999999999.999999", INT64_C(999999999999999) },
        { "0000000999999999.9999990000", INT64_C(999999999999999) },
        { "999.999999999999E6", INT64_C(999999999999999) },
    };
    static const char *const too_much[] = { "1000000000", "1E9", "1E-7", "0.0000001", "1.1234567", "1E+999999999999" };
    static const char *const wrong[] = { "",   ".",   "-",   "E5",   "1E",  "1E+", "1.2.3", "1 000", "x",
                                         "1x", "--1", "-1-", "0x10", "inf", "nan", "1,2,3", "1-2" };
    sv_quantity_t quantity;

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(sv_import_number_read(good[i].text, '.', &quantity), SV_NUMBER_READ);
        assert_int_equal(quantity, good[i].millionths);
    }
    for (size_t i = 0; i < sizeof(too_much) / sizeof(too_much[0]); i++) {
        assert_int_equal(sv_import_number_read(too_much[i], '.', &quantity), SV_NUMBER_OUT_OF_RANGE);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sv_import_number_read(wrong[i], '.', &quantity), SV_NUMBER_MALFORMED);
    }
    assert_int_equal(sv_import_number_read("12,5", ',', &quantity), SV_NUMBER_READ);
    assert_int_equal(quantity, 12500000);
    assert_int_equal(sv_import_number_read("12,5", '.', &quantity), SV_NUMBER_OTHER_DECIMAL);
    assert_int_equal(sv_import_number_read("1.234", ',', &quantity), SV_NUMBER_OTHER_DECIMAL);
    assert_int_equal(sv_import_number_read("1.234,5", ',', &quantity), SV_NUMBER_MALFORMED);
}

static void
rounded_codes_are_known(void **state)
{
    static const char *const rounded[] = { "4.00638E+12", "4,00638E+12", "4E+12", "4.00638e+12" };
    static const char *const codes[] = { "1E5", "4.00638E12", "4E+", "4E+12X", "A4E+12", "4006381333931", "" };

    (void) state;
    for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
        assert_true(sv_import_number_is_rounded_code(rounded[i]));
    }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_false(sv_import_number_is_rounded_code(codes[i]));
    }
}

static void
texts_keep_what_people_see(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    char padded[] = "\xef\xbb\xbf \xc2\xa0\tx y\r\n ", blank[] = " \t\xc2\xa0";

    (void) state;
    assert_string_equal(sv_field_text_line("Rice\r\n5 kg\t\x1f(new)\v", arena), "Rice 5 kg (new)");
    assert_string_equal(sv_field_text_line("L\xc2\x92oreal \xc2\x80 5\xc2\x81", arena), "L\u2019oreal \u20ac 5");
    assert_string_equal(sv_field_text_paragraphs("a\r\nb\rc\n\td\x0b\x7f", arena), "a\nb\nc\n\td");
    assert_string_equal(sv_field_trim(padded), "x y");
    assert_string_equal(sv_field_trim(blank), "");
    sv_arena_destroy(arena);
}

static void
hashes_of_other_systems_are_known(void **state)
{
    static const char *const good[] = { "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
                                        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$"
                                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
    static const char *const bad[] = {
        "secret",
        "",
        "$2b$10$short",
        "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lh!y",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$6$rounds=5000$salt$hash",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *reason = NULL;

        assert_true(sv_password_hash_importable(good[i], &reason));
        assert_true(sv_password_looks_hashed(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *reason = NULL;

        assert_false(sv_password_hash_importable(bad[i], &reason));
        assert_non_null(reason);
    }
    assert_true(sv_password_looks_hashed("$2b$10$short") && sv_password_looks_hashed("{SSHA}x"));
    assert_false(sv_password_looks_hashed("$ecret and long"));
}

static void
report(void *context, long line, const char *column, const char *message)
{
    sv_buffer_printf(context, "%ld!%s%s%s; ", line, column == NULL ? "" : column, column == NULL ? "" : ": ", message);
}

static sv_status_t
take(void *context, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    char *set = bson_as_relaxed_extended_json(sv_doc_child(update, "$set", error->arena), NULL);

    sv_buffer_printf(context, "%ld=%s %s; ", line, sv_doc_text(selector, "item_code", error->arena), set);
    bson_free(set);
    return SV_OK;
}

/* Everything that reading a file of items tells. */
static const char *
read_items(const char *file, sv_import_options_t options, sv_arena_t *arena)
{
    FILE *stream = fmemopen((void *) file, strlen(file), "r");
    sv_import_table_t table = { 0 };
    sv_buffer_t told;
    sv_error_t error;

    sv_error_init(&error, arena);
    sv_buffer_init(&told, arena, 256);
    sv_buffer_puts(&told, "");
    options.report = report;
    options.context = &told;
    if (sv_import_items_read(&table, stream, &options, take, &told, &error) != SV_OK) {
        sv_buffer_printf(&told, "E %s", error.message);
    } else {
        sv_buffer_printf(&told, "%lld/%lld", (long long) table.rows, (long long) table.errors);
    }
    fclose(stream);
    return told.data;
}

static void
assert_items(const char *file, const char *told)
{
    sv_arena_t *arena = sv_arena_create();

    assert_string_equal(read_items(file, (sv_import_options_t){ 0 }, arena), told);
    sv_arena_destroy(arena);
}

static void
rows_of_spreadsheets_are_taken(void **state)
{
    (void) state;
    assert_items("\xef\xbb\xbf Item_Code ;unit_cost\xc2\xa0;;\r\nI1;7.;;\r\n;;;\r\n\r\n I2 ;.5\r\n  ;;;\r\n\x1a",
                 "2=I1 { \"unit_cost\" : { \"$numberDecimal\" : \"7\" } }; "
                 "5=I2 { \"unit_cost\" : { \"$numberDecimal\" : \"0.5\" } }; 2/0");
    assert_items("item_code,item_name,description\nI1,\"Big\n bag\",\"one\r\n\ttwo\xc2\x92s\"\n",
                 "2=I1 { \"item_name\" : \"Big bag\", \"deleted\" : false, "
                 "\"description\" : \"one\\n\\ttwo\u2019s\" }; 1/0");
}

static void
a_file_without_names_says_nothing_else(void **state)
{
    (void) state;
    assert_items("barcode\tunit_cost\n4006381333931\t1E+2\n",
                 "2=4006381333931 { \"unit_cost\" : { \"$numberDecimal\" : \"100\" } }; 1/0");
    assert_items("item_code\nI1\n",
                 "E line 1: there are codes only: a column item_name is required, or others for known items");
    assert_items("item_name\nI1\n", "E line 1: a column item_code or barcode is required");
}

static void
what_is_refused_is_told(void **state)
{
    (void) state;
    assert_items(
        "item_code,barcode,stock_qty,\n"
        "I1,4.00638E+12,1,\nI2,4006381333931.0,1,\nI3,1,\"1,5\",\nI4,1,1,x\nI5,1\nI6,\"1\n2\",1,\n",
        "2!barcode: \"4.00638E+12\" is a code that a spreadsheet made a number of and rounded: give its column "
        "the format Text there, and save the file again from its source; "
        "3!barcode: \"4006381333931.0\" is a code that was saved as a number: it would be another one; "
        "4!stock_qty: \"1,5\" has a comma: say --decimal comma where commas stand before the places, and write "
        "no others; "
        "5!field 4 (\"x\") has no column in the header; "
        "6!it has 2 fields, the header has 3; "
        "7!barcode: it must not have control characters; 6/6");
    assert_items("item_code|stock_qty\nI1|1\n",
                 "E line 1: item_code|stock_qty: there is no such column (name the separator with --separator)");
    assert_items("item_code,stock_qty\n\"I1,1\nI2,2\n",
                 "2!the quote opened on line 2 is never closed: nothing behind it was read; 1/1");
}

static void
packs_are_units_with_a_factor_and_barcodes(void **state)
{
    (void) state;
    assert_items("item_code,uom,packs,lot_tracked\nI1,PCS, BOX = 12 5901234123457;B2 | PALLET=480 |,yes\nI2,PCS,,\n",
                 "2=I1 { \"uom\" : \"PCS\", \"packs\" : [ { \"uom\" : \"BOX\", \"factor\" : { \"$numberDecimal\" : "
                 "\"12\" }, \"barcodes\" : [ \"5901234123457\", \"B2\" ] }, { \"uom\" : \"PALLET\", \"factor\" : { "
                 "\"$numberDecimal\" : \"480\" }, \"barcodes\" : [  ] } ], \"lot_tracked\" : true }; "
                 "3=I2 { \"uom\" : \"PCS\", \"packs\" : [  ], \"lot_tracked\" : false }; 2/0");
    assert_items("item_code,uom,packs\nI1,PCS,BOX\nI2,PCS,BOX=0\nI3,PCS,PCS=2\nI4,PCS,B=2|B=3\nI5,PCS,B=2 4.0E+12\n",
                 "2!packs: \"BOX\" is no pack: UOM=FACTOR is wanted, as BOX=12; "
                 "3!packs: \"0\" is no number of pieces in a pack: one above 0 is wanted; "
                 "4!packs: PCS is the item's own unit; 5!packs: B is there twice; "
                 "6!packs: \"4.0E+12\" is a code that a spreadsheet made a number of and rounded: give its column the "
                 "format Text there, and save the file again from its source; 5/5");
}

static void
decimal_commas_are_said(void **state)
{
    const sv_import_options_t options = { .decimal = ',' };
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    assert_string_equal(
        read_items("item_code;unit_cost\nI1;12,5\nI2;1.5\n", options, arena),
        "2=I1 { \"unit_cost\" : { \"$numberDecimal\" : \"12.5\" } }; "
        "3!unit_cost: \"1.5\" has a point, and --decimal comma says that commas stand before the places; "
        "2/1");
    sv_arena_destroy(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_others_write_them),
        cmocka_unit_test(rounded_codes_are_known),
        cmocka_unit_test(texts_keep_what_people_see),
        cmocka_unit_test(hashes_of_other_systems_are_known),
        cmocka_unit_test(rows_of_spreadsheets_are_taken),
        cmocka_unit_test(a_file_without_names_says_nothing_else),
        cmocka_unit_test(what_is_refused_is_told),
        cmocka_unit_test(packs_are_units_with_a_factor_and_barcodes),
        cmocka_unit_test(decimal_commas_are_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
