#ifndef SV_ERP_STATEMENT_H
#define SV_ERP_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"

enum { SV_ERP_MAX_PARAMETERS = 32 };

/* A statement as ODBC wants it: a question mark for each parameter, named in their order. */
typedef struct {
    const char *sql; /* NULL: the file has none */
    const char *parameters[SV_ERP_MAX_PARAMETERS];
    size_t parameter_count;
    long line; /* where it begins */
} sv_erp_statement_t;

/* Makes `?` of the named parameters of a statement (`:code`), leaving alone what stands in quotes, brackets, comments
 * and casts (`::text`).  What is wrong: *fault is a sentence, *fault_line the line in `sql`, from 0. */
bool sv_erp_statement_parse(const char *sql, sv_arena_t *arena, sv_erp_statement_t *statement, const char **fault,
                            long *fault_line);

/* Whether the statement asks for this parameter. */
bool sv_erp_statement_has(const sv_erp_statement_t *statement, const char *parameter);

#endif
