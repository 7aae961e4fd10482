#ifndef SV_ERP_CODE_FORMS_H
#define SV_ERP_CODE_FORMS_H

#include "core/erp/statement.h"

/* Values for the parameters of [lookup], so that one call asks for all forms of an article's number: `code` is the code
 * itself; `gtin`, `ean`, `upc` and `ean8` are its 14, 13, 12 and 8 digits, each the code itself where it has no such
 * form.  They live in the arena, or are `code`. */
void sv_erp_code_values(const sv_erp_statement_t *statement, const char *code, sv_arena_t *arena, const char **values);

#endif
