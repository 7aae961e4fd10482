/* Any file as an import of items: it ends, every bad row is reported with its line, and every good one names an item.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/import/import.h"
#include "core/store/document.h"

typedef struct {
    sv_arena_t *arena;
    int64_t taken;
    int64_t reported;
} outcome_t;

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
report(void *context, long line, const char *column, const char *message)
{
    outcome_t *outcome = context;

    require(line >= 1 && message != NULL && (column == NULL || column[0] != '\0'));
    outcome->reported++;
}

static sv_status_t
take(void *context, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    outcome_t *outcome = context;
    const char *code = sv_doc_text(selector, "item_code", outcome->arena);

    (void) error;
    require(line >= 2 && code != NULL && code[0] != '\0');
    require(!sv_doc_has(update, "$set.deleted") || sv_doc_text(update, "$set.item_name", outcome->arena) != NULL);
    require(bson_validate(update, BSON_VALIDATE_UTF8, NULL));
    require(!sv_doc_has(update, "$set.verified"));
    outcome->taken++;
    return SV_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    outcome_t outcome = { .arena = sv_arena_create() };
    const sv_import_options_t options = {
        .report = report,
        .context = &outcome,
        .decimal = size > 0 && (data[size - 1] & 1) ? ',' : '.',
        .csv.encoding = size > 0 && (data[size - 1] & 2) ? SV_ENCODING_WINDOWS_1252 : SV_ENCODING_UTF8,
    };
    sv_import_table_t table = { 0 };
    sv_error_t error;
    FILE *stream;

    sv_error_init(&error, outcome.arena);
    stream = size == 0 ? NULL : fmemopen((void *) data, size, "r");
    if (stream != NULL) {
        if (sv_import_items_read(&table, stream, &options, take, &outcome, &error) == SV_OK) {
            require(outcome.taken + table.errors == table.rows && outcome.reported >= table.errors);
        } else {
            require(error.status == SV_ERR_VALIDATION_FAILED && error.message != NULL);
        }
        fclose(stream);
    }
    sv_arena_destroy(outcome.arena);
    return 0;
}
