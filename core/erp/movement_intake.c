#include "core/erp/movement_intake.h"

#include <ctype.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/erp/row.h"
#include "core/import/movements.h"
#include "core/import/table.h"

struct sv_erp_movement_intake_s {
    sv_arena_t *arena; /* this lies in it */
    sv_erp_intake_options_t options;
    sv_import_options_t import_options;
    sv_movements_t *movements;
    size_t columns;
    int moved_at;          /* its column */
    const char *item_code; /* of the row under way */
    int code_at;
    int64_t rows, latest_ms;
};

bool
sv_erp_time_parse(const char *text, int64_t *ms)
{
    enum { SV_DATE = 10 };
    size_t length = strlen(text), zone;
    char time[64];

    if (length <= SV_DATE || length + 4 > sizeof(time)) {
        return false;
    }
    memcpy(time, text, length + 1);
    time[SV_DATE] = time[SV_DATE] == ' ' ? 'T' : time[SV_DATE];
    zone = SV_DATE + strcspn(time + SV_DATE, "+-Zz");
    if (time[zone] == '\0') {
        strcpy(time + length, "Z");
    } else if (length - zone == 3 && isdigit((unsigned char) time[zone + 1])) {
        strcpy(time + length, ":00");
    }
    return sv_time_parse(time, ms);
}

static void
sv_movement_report(void *context, long line, const char *column, const char *message)
{
    const sv_erp_movement_intake_t *intake = context;

    intake->options.report(intake->options.context, line, intake->item_code, column, message);
}

sv_status_t
sv_erp_movement_intake_open(sv_store_t *store, const sv_erp_mapping_t *mapping, const char *const *columns,
                            size_t column_count, const sv_erp_intake_options_t *options,
                            sv_erp_movement_intake_t **opened, sv_error_t *error)
{
    static const char *const fields[] = { "movement_id", "item_code", "warehouse",    "lot",
                                          "qty",         "moved_at",  "adjustment_id" };
    sv_arena_t *arena = sv_arena_create();
    sv_erp_movement_intake_t *intake = sv_arena_zalloc(arena, sizeof(*intake));
    const char **names = sv_arena_zalloc(arena, (column_count + 1) * sizeof(*names));

    *opened = intake;
    intake->arena = arena;
    intake->options = *options;
    intake->columns = column_count;
    intake->moved_at = intake->code_at = -1;
    for (size_t i = 0; i < column_count; i++) {
        const char *field = sv_erp_mapping_field(mapping, columns[i]);

        for (size_t k = 0; field != NULL && k < sizeof(fields) / sizeof(fields[0]); k++) {
            names[i] = strcmp(fields[k], field) == 0 ? fields[k] : names[i];
        }
        intake->moved_at = names[i] != NULL && strcmp(names[i], "moved_at") == 0 ? (int) i : intake->moved_at;
        intake->code_at = names[i] != NULL && strcmp(names[i], "item_code") == 0 ? (int) i : intake->code_at;
    }
    intake->import_options = (sv_import_options_t){ .default_warehouse = mapping->warehouse,
                                                    .decimal = mapping->decimal,
                                                    .report = sv_movement_report,
                                                    .context = intake };
    return sv_import_movements_open(store, names, column_count, &intake->import_options, &intake->movements, error);
}

static sv_status_t
sv_movement_intake_row(sv_erp_movement_intake_t *intake, const bson_t *row, sv_arena_t *arena, sv_error_t *error)
{
    char **cells = sv_erp_row_cells(row, intake->columns, arena), time[SV_TIME_TEXT_SIZE];
    int64_t moved_at_ms = 0;

    if (sv_erp_time_parse(cells[intake->moved_at], &moved_at_ms)) {
        sv_time_format(moved_at_ms, time);
        cells[intake->moved_at] = time;
    }
    intake->item_code = cells[intake->code_at];
    intake->latest_ms = moved_at_ms > intake->latest_ms ? moved_at_ms : intake->latest_ms;
    return sv_import_movements_row(intake->movements, (long) ++intake->rows, cells, error);
}

sv_status_t
sv_erp_movement_intake_rows(sv_erp_movement_intake_t *intake, const bson_t *rows, sv_error_t *error)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, rows)) {
        return SV_OK;
    }
    while (error->status == SV_OK && bson_iter_next(&iter)) {
        sv_arena_t *arena = sv_arena_create();
        const uint8_t *bytes;
        uint32_t length;
        bson_t row;

        bson_iter_array(&iter, &length, &bytes);
        if (bson_init_static(&row, bytes, length)) {
            sv_movement_intake_row(intake, &row, arena, error);
        }
        intake->item_code = NULL;
        sv_arena_destroy(arena);
    }
    return error->status;
}

sv_status_t
sv_erp_movement_intake_finish(sv_erp_movement_intake_t *intake, sv_erp_moved_t *moved, sv_error_t *error)
{
    sv_import_result_t result;

    if (sv_import_movements_flush(intake->movements, error) != SV_OK) {
        return error->status;
    }
    sv_import_movements_close(intake->movements, &result);
    intake->movements = NULL;
    *moved = (sv_erp_moved_t){ .rows = intake->rows,
                               .created = result.created,
                               .changed = result.changed,
                               .refused = result.errors,
                               .latest_ms = intake->latest_ms };
    return SV_OK;
}

void
sv_erp_movement_intake_close(sv_erp_movement_intake_t *intake)
{
    sv_import_result_t ignored;

    if (intake != NULL) {
        sv_import_movements_close(intake->movements, &ignored);
        sv_arena_destroy(intake->arena);
    }
}
