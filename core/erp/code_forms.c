#include "core/erp/code_forms.h"

#include <string.h>

#include "core/scan/gtin.h"

static const struct {
    const char *parameter;
    size_t digits;
} sv_code_forms[] = { { "gtin", 14 }, { "ean", 13 }, { "upc", 12 }, { "ean8", 8 } };

/* Its digits where zeros alone stand before them. */
static const char *
sv_code_form(const char *gtin, const char *parameter, const char *code)
{
    size_t length = strlen(gtin);

    for (size_t i = 0; i < sizeof(sv_code_forms) / sizeof(sv_code_forms[0]); i++) {
        if (strcmp(sv_code_forms[i].parameter, parameter) == 0 && length >= sv_code_forms[i].digits) {
            size_t before = length - sv_code_forms[i].digits;

            return strspn(gtin, "0") >= before ? gtin + before : code;
        }
    }
    return code;
}

void
sv_erp_code_values(const sv_erp_statement_t *statement, const char *code, sv_arena_t *arena, const char **values)
{
    char gtin[SV_GTIN_SIZE] = "";
    const char *digits;

    /* eight digits may be both; a GTIN-8 is what is told from the code alone */
    if (!sv_gtin_normalize(code, gtin) && !sv_gtin_from_upc_e(code, gtin)) {
        gtin[0] = '\0';
    }
    digits = sv_arena_strdup(arena, gtin);
    for (size_t i = 0; i < statement->parameter_count; i++) {
        values[i] = sv_code_form(digits, statement->parameters[i], code);
    }
}
