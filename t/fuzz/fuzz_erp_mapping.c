/* Any mapping file: it is read or refused with a message, and a statement has a question mark for each parameter at
 * least. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/erp/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
check_statement(const sv_erp_statement_t *statement)
{
    size_t marks = 0;

    for (const char *c = statement->sql; *c != '\0'; c++) {
        marks += *c == '?';
    }
    require(statement->sql[0] != '\0' && marks >= statement->parameter_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    sv_erp_mapping_t mapping;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_erp_mapping_parse("f", (const char *) data, size, arena, &mapping, &error) != SV_OK) {
        require(error.message != NULL && strncmp(error.message, "f:", 2) == 0);
    } else {
        for (size_t i = 0; i < SV_ERP_STATEMENT_COUNT; i++) {
            if (mapping.statements[i].sql != NULL) {
                check_statement(&mapping.statements[i]);
            }
        }
        sv_erp_mapping_field(&mapping, "item_code");
    }
    sv_arena_destroy(arena);
    return 0;
}
