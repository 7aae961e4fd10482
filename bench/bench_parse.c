/*
 * What parsing and checking a batch costs beside bare jansson on the same body:
 *
 *     bench_parse [SECONDS]
 *
 * The body has 100 records of 11 members each, 26 KB, as the app sends them.  Both take turns in short slices, so that
 * what else the host does meets both alike; the medians are compared.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/json_reader.h"
#include "core/sync/batch.h"

enum { RECORDS = 100, SLICE = 20, MAX_SLICES = 100000 };

static double
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

static void
write_body(sv_buffer_t *body)
{
    sv_buffer_puts(body, "{\"batch_id\":\"r0-0-1\",\"records\":[");
    for (int i = 1; i <= RECORDS; i++) {
        sv_buffer_printf(body,
                         "%s{\"client_record_id\":\"r0-0-1-%d\",\"session_id\":\"S1\",\"floor\":\"F1\",\"rack_id\":"
                         "\"B%d\",\"item_code\":\"ITM-%05d\",\"verified_qty\":%d,\"damage_qty\":%d,\"status\":"
                         "\"finalized\",\"created_at\":\"2026-01-05T08:%02d:01Z\",\"updated_at\":\"2026-01-05T09:%02d:"
                         "01Z\",\"serial_numbers\":[\"SN-r0-0-1-%d-1\"]}",
                         i > 1 ? "," : "", i, 4 + i % 4, i * 37 % 20000, i % 50 + 1, i % 2, i % 60, i % 60, i);
    }
    sv_buffer_puts(body, "]}");
}

static void
bare(const char *body, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(body, length, 0, &error);

    if (json_array_size(json_object_get(value, "records")) != RECORDS) {
        fprintf(stderr, "bench_parse: jansson did not read the body: %s\n", error.text);
        exit(1);
    }
    json_decref(value);
}

static void
ours(const char *body, size_t length, const sv_settings_t *settings)
{
    sv_arena_t *arena = sv_arena_create();
    sv_sync_batch_t batch;
    sv_error_t error;
    const json_t *value;

    sv_error_init(&error, arena);
    value = sv_json_parse_object(body, length, arena, &error);
    if (value == NULL || sv_sync_parse(value, settings, &batch, &error) != SV_OK || batch.count != RECORDS ||
        batch.records[RECORDS - 1].fault.code != NULL) {
        fprintf(stderr, "bench_parse: the body was not read as good\n");
        exit(1);
    }
    sv_arena_destroy(arena);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    static double bare_us[MAX_SLICES], ours_us[MAX_SLICES];
    double end = now_us() + (argc > 1 ? atof(argv[1]) : 3.0) * 1e6;
    sv_arena_t *arena = sv_arena_create();
    sv_settings_t settings;
    sv_buffer_t body;
    int slices = 0;

    sv_settings_defaults(&settings);
    sv_buffer_init(&body, arena, 32768);
    write_body(&body);
    while (now_us() < end && slices < MAX_SLICES) {
        double start = now_us();

        for (int i = 0; i < SLICE; i++) {
            bare(body.data, body.length);
        }
        bare_us[slices] = (now_us() - start) / SLICE;
        start = now_us();
        for (int i = 0; i < SLICE; i++) {
            ours(body.data, body.length, &settings);
        }
        ours_us[slices++] = (now_us() - start) / SLICE;
    }
    qsort(bare_us, (size_t) slices, sizeof(bare_us[0]), by_value);
    qsort(ours_us, (size_t) slices, sizeof(ours_us[0]), by_value);
    printf("%zu bytes, %d records: jansson %.0f us, parse and rules %.0f us, ratio %.2f (limit 1.40)\n", body.length,
           RECORDS, bare_us[slices / 2], ours_us[slices / 2], ours_us[slices / 2] / bare_us[slices / 2]);
    sv_arena_destroy(arena);
    return 0;
}
