#ifndef SV_ERP_FRAME_H
#define SV_ERP_FRAME_H

#include <bson/bson.h>

#include "core/erp/statement.h"

/*
 * What goes over the pipes between a worker and the child that speaks ODBC for it (worker/erp/child.h), read as bytes
 * that anybody may have written.
 */
enum { SV_ERP_FRAME_MAX = 16 * 1024 * 1024, SV_ERP_FRAME_HEAD = 4 };

/* How long the document is that begins with these bytes; 0: it is none that either would send. */
uint32_t sv_erp_frame_length(const uint8_t head[SV_ERP_FRAME_HEAD]);

/* Rows of values for a statement that is executed once for each. */
typedef struct {
    size_t count;
    size_t parameters;                     /* of each */
    size_t longest[SV_ERP_MAX_PARAMETERS]; /* the longest text of each, in bytes */
} sv_erp_frame_rows_t;

/* Looks through {rows: [[TEXT or null]]}.  False: there are none, or they are not alike, or a text is not UTF-8. */
bool sv_erp_frame_rows(const bson_t *request, sv_erp_frame_rows_t *rows);

/* {wrote: N}: how many rows more were taken, of `left`.  False: it says no such thing. */
bool sv_erp_frame_wrote(const bson_t *answer, size_t left, size_t *wrote);

#endif
