/* Warehouses: what is known of them, whose days are theirs, and how they become known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/import/import.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"
#include "core/warehouse/zone_cache.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static sv_warehouse_t
read_one(const char *code)
{
    sv_warehouse_t warehouse;

    assert_int_equal(sv_warehouse_read(real.store, code, real.arena, &warehouse, &real.error), SV_OK);
    return warehouse;
}

static int64_t
offset_of(const char *code)
{
    const sv_time_zone_t *zone = NULL;

    assert_int_equal(sv_warehouse_zone(real.store, code, real.arena, &zone, &real.error), SV_OK);
    return sv_time_zone_offset(zone, 0);
}

static void
a_change_leaves_what_it_does_not_name(void **state)
{
    const bool yes = true;
    const sv_warehouse_change_t first = { .time_zone = "Asia/Kolkata", .currency = "INR", .rack_books = &yes };
    const sv_warehouse_change_t second = { .name = "North", .currency = "" };
    sv_warehouse_t warehouse;

    (void) state;
    assert_int_equal(sv_warehouse_set(real.store, "W1", &first, &real.error), SV_OK);
    assert_int_equal(sv_warehouse_set(real.store, "W1", &second, &real.error), SV_OK);
    warehouse = read_one("W1");
    assert_string_equal(warehouse.name, "North");
    assert_string_equal(warehouse.time_zone, "Asia/Kolkata");
    assert_null(warehouse.currency);
    assert_true(warehouse.rack_books);
}

static void
a_wrong_value_names_its_field(void **state)
{
    const sv_warehouse_change_t zone = { .time_zone = "Asia/Nowhere" }, currency = { .currency = "rupees" };

    (void) state;
    assert_int_equal(sv_warehouse_set(real.store, "W1", &zone, &real.error), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "time_zone");
    sv_error_clear(&real.error);
    assert_int_equal(sv_warehouse_set(real.store, "W1", &currency, &real.error), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "currency");
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_WAREHOUSES, "{}"), 0);
}

static void
days_are_the_warehouses_else_the_settings(void **state)
{
    (void) state;
    real.settings.time_zone = "Europe/Berlin";
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W1', 'time_zone': 'Asia/Kolkata'}");
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W2', 'time_zone': null}");
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W3', 'time_zone': 'Gone/From_Here'}");
    for (int again = 0; again < 2; again++) { /* the second time as remembered */
        assert_int_equal(offset_of("W1"), 19800);
        assert_int_equal(offset_of("W2"), 3600);
        assert_int_equal(offset_of("W3"), 3600);
        assert_int_equal(offset_of("W4"), 3600);
        assert_int_equal(offset_of(NULL), 3600);
    }
}

static void
more_zones_than_fit_are_remembered_in_turn(void **state)
{
    sv_zone_cache_t *cache = sv_zone_cache_create();
    char name[SV_ZONE_NAME_SIZE];

    (void) state;
    for (int i = 0; i < 100; i++) {
        sv_zone_cache_put(cache, sv_arena_printf(real.arena, "W%d", i), "UTC");
        assert_true(sv_zone_cache_get(cache, sv_arena_printf(real.arena, "W%d", i), name));
    }
    sv_zone_cache_put(cache, "W99", "Asia/Kolkata");
    assert_true(sv_zone_cache_get(cache, "W99", name));
    assert_string_equal(name, "Asia/Kolkata");
    assert_false(sv_zone_cache_get(cache, "W0", name));
    sv_zone_cache_destroy(cache);
}

static void
warehouses_of_racks_become_known_once(void **state)
{
    int64_t learned;

    (void) state;
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W2', 'time_zone': 'Asia/Kolkata'}");
    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R1', 'warehouse': 'W1'}");
    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R2', 'warehouse': 'W1'}");
    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R3', 'warehouse': 'W2'}");
    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R4', 'warehouse': 'W3'}");
    assert_int_equal(sv_warehouses_learn(real.store, true, &learned, &real.error), SV_OK);
    assert_int_equal(learned, 2);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_WAREHOUSES, "{}"), 1);
    assert_int_equal(sv_warehouses_learn(real.store, false, &learned, &real.error), SV_OK);
    assert_int_equal(learned, 2);
    assert_int_equal(sv_warehouses_learn(real.store, false, &learned, &real.error), SV_OK);
    assert_int_equal(learned, 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_WAREHOUSES, "{}"), 3);
    assert_string_equal(read_one("W2").time_zone, "Asia/Kolkata");
}

static void
report(void *context, long line, const char *column, const char *message)
{
    (void) message;
    print_message("%ld: %s\n", line, column);
    *(int *) context += 1;
}

static void
warehouses_come_from_a_file(void **state)
{
    char text[] = "warehouse,time_zone,rack_books\nW1,Asia/Kolkata,yes\nW2,,no\nW3,Nowhere,no\n";
    FILE *stream = fmemopen(text, strlen(text), "r");
    int faults = 0;
    const sv_import_options_t options = { .report = report, .context = &faults };
    sv_import_result_t result;

    (void) state;
    assert_int_equal(sv_import_warehouses(real.store, stream, &options, &result, &real.error), SV_OK);
    fclose(stream);
    assert_int_equal(result.created, 2);
    assert_int_equal(faults, 1);
    assert_true(read_one("W1").rack_books);
    assert_null(read_one("W2").time_zone);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(a_change_leaves_what_it_does_not_name, &real),
        SV_WITH_REAL_MONGODB(a_wrong_value_names_its_field, &real),
        SV_WITH_REAL_MONGODB(days_are_the_warehouses_else_the_settings, &real),
        SV_WITH_REAL_MONGODB(more_zones_than_fit_are_remembered_in_turn, &real),
        SV_WITH_REAL_MONGODB(warehouses_of_racks_become_known_once, &real),
        SV_WITH_REAL_MONGODB(warehouses_come_from_a_file, &real),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
