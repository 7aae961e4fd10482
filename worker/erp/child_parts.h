#ifndef SV_ERP_CHILD_PARTS_H
#define SV_ERP_CHILD_PARTS_H

#include <bson/bson.h>
#include <sql.h>
#include <sqlext.h>

#include "core/base/arena.h"

/* What the files of the child that speaks ODBC share (worker/erp/child.h). */
typedef struct {
    int out; /* what standard output was: drivers may write to that one */
    SQLHENV environment;
    SQLHDBC connection;
    bool utf8;
    sv_arena_t *arena; /* of the request */
} sv_erp_child_t;

void sv_child_send(const sv_erp_child_t *child, const bson_t *document);
/* Sends {error}: the first line of what the driver says of the handle, with its SQLSTATE. */
void sv_child_fail(const sv_erp_child_t *child, SQLSMALLINT type, SQLHANDLE handle);

/* child_writing.c: executes the statement once for each row of the request, in their order, each by itself; begins none
 * after `for_ms`.  False: the request is no such one. */
bool sv_child_write_rows(const sv_erp_child_t *child, const char *sql, const bson_t *request, int64_t for_ms);

#endif
