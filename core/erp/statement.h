#ifndef SV_ERP_STATEMENT_H
#define SV_ERP_STATEMENT_H

#include "core/erp/mapping.h"

/* Makes `?` of the named parameters of a statement (`:code`), leaving alone what stands in quotes, brackets, comments
 * and casts (`::text`).  What is wrong: *fault is a sentence, *fault_line the line in `sql`, from 0. */
bool sv_erp_statement_parse(const char *sql, sv_arena_t *arena, sv_erp_statement_t *statement, const char **fault,
                            long *fault_line);

#endif
