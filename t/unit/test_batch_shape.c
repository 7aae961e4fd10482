#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json_reader.h"
#include "core/sync/batch.h"

typedef struct {
    sv_arena_t *arena;
    sv_settings_t settings;
    sv_sync_batch_t batch;
    sv_error_t error;
} shape_t;

static int
setup(void **state)
{
    shape_t *shape = calloc(1, sizeof(*shape));

    if (shape == NULL) {
        return -1;
    }
    shape->arena = sv_arena_create();
    sv_settings_defaults(&shape->settings);
    *state = shape;
    return 0;
}

static int
teardown(void **state)
{
    shape_t *shape = *state;

    sv_arena_destroy(shape->arena);
    free(shape);
    return 0;
}

static sv_status_t
parse(shape_t *shape, const char *text)
{
    const json_t *body;

    sv_error_init(&shape->error, shape->arena);
    body = sv_json_parse_object(text, strlen(text), shape->arena, &shape->error);
    assert_non_null(body);
    return sv_sync_parse(body, &shape->settings, &shape->batch, &shape->error);
}

static void
a_batch_is_bounded_and_an_array(void **state)
{
    shape_t *shape = *state;
    static const struct {
        const char *body;
        sv_status_t status;
        const char *field;
    } cases[] = {
        { "{}", SV_ERR_VALIDATION_FAILED, "records" },
        { "{\"records\":{}}", SV_ERR_VALIDATION_FAILED, "records" },
        { "{\"records\":[],\"batch_id\":7}", SV_ERR_VALIDATION_FAILED, "batch_id" },
        { "{\"records\":[{},{},{}]}", SV_ERR_BATCH_TOO_LARGE, NULL },
        { "{\"records\":[1,2,3]}", SV_ERR_BATCH_TOO_LARGE, NULL },
        { "{\"records\":[{},{}]}", SV_OK, NULL },
    };

    shape->settings.sync_batch_size = 2;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(shape, cases[i].body), cases[i].status);
        if (cases[i].field != NULL) {
            assert_string_equal(shape->error.details[0].field, cases[i].field);
        }
    }
}

static void
what_is_no_record_is_an_error_at_its_place(void **state)
{
    shape_t *shape = *state;

    assert_int_equal(parse(shape, "{\"records\":[7,{\"client_record_id\":\"r\"},null,[],\"x\",true]}"), SV_OK);
    assert_int_equal(shape->batch.count, 6);
    for (size_t i = 0; i < shape->batch.count; i++) {
        const sv_record_t *record = &shape->batch.records[i];

        assert_true(record->malformed);
        assert_int_equal(record->index, i);
        if (i == 1) {
            assert_string_equal(record->told_id, "r");
            assert_string_equal(record->fault.code, "required");
        } else {
            assert_null(record->told_id);
            assert_string_equal(record->fault.field, "");
            assert_string_equal(record->fault.code, "wrong_type");
        }
    }
}

/* The clock or the counter of a broken phone is wrong in every batch it sends. */
static void
a_clock_that_cannot_be_read_refuses_nothing(void **state)
{
    shape_t *shape = *state;
    static const char *const values[] = {
        "7", "\"today\"", "\"\"", "null", "{}", "[]", "true", "\"-5\"", "-1", "\"10000-01-01T00:00:00Z\"", "1e300",
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(
            parse(shape, sv_arena_printf(shape->arena, "{\"records\":[],\"sent_at\":%s,\"left\":3}", values[i])),
            SV_OK);
        assert_false(shape->batch.has_sent_at);
        assert_true(shape->batch.has_left);
        assert_int_equal(shape->batch.left, 3);
    }
    for (size_t i = 1; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(
            parse(shape,
                  sv_arena_printf(shape->arena, "{\"records\":[],\"left\":%s,\"sent_at\":\"2026-11-22T10:05:00Z\"}",
                                  values[i])),
            SV_OK);
        assert_false(shape->batch.has_left);
        assert_true(shape->batch.has_sent_at);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_bounded_and_an_array, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_record_is_an_error_at_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_cannot_be_read_refuses_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
