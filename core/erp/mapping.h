#ifndef SV_ERP_MAPPING_H
#define SV_ERP_MAPPING_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/erp/statement.h"

/*
 * The file that says how an ERP is asked (ERP_MAPPING; docs/erp.md): statements with named parameters, and which of
 * their columns are which fields.  Read strictly: a section, setting, field or parameter that is unknown or there
 * twice is an error with its line.
 */
typedef enum {
#define SV_ERP_STATEMENT(name, section, required, optional) SV_ERP_##name,
#include "core/erp/statements.def"
#undef SV_ERP_STATEMENT
    SV_ERP_STATEMENT_COUNT
} sv_erp_kind_t;

const char *sv_erp_kind_name(sv_erp_kind_t kind); /* "changed_since" */

enum { SV_ERP_MAX_COLUMNS = 64, SV_ERP_MAPPING_MAX = 256 * 1024 };

typedef struct {
    const char *field;  /* "item_code" */
    const char *column; /* what the ERP calls it */
} sv_erp_column_t;

typedef struct {
    sv_erp_statement_t statements[SV_ERP_STATEMENT_COUNT];
    sv_erp_column_t columns[SV_ERP_MAX_COLUMNS];
    size_t column_count;
    const char *warehouse; /* of rows that name none; NULL: such rows have no stock */
    char decimal;          /* before the places of numbers: '.' or ',' */
    bool utf8;             /* the driver gives UTF-8; else it is asked for UTF-16 */
} sv_erp_mapping_t;

/* `text` is what the file holds, `name` what messages call it.  All of the mapping lives in the arena.
 * SV_ERR_VALIDATION_FAILED: "NAME:LINE: what is wrong". */
sv_status_t sv_erp_mapping_parse(const char *name, const char *text, size_t length, sv_arena_t *arena,
                                 sv_erp_mapping_t *mapping, sv_error_t *error);
sv_status_t sv_erp_mapping_read(const char *path, sv_arena_t *arena, sv_erp_mapping_t *mapping, sv_error_t *error);

/* The field that a column of a statement's answer is; NULL: none, it is not read.  Case does not count. */
const char *sv_erp_mapping_field(const sv_erp_mapping_t *mapping, const char *column);

#endif
