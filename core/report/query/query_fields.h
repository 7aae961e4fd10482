#ifndef SV_REPORT_QUERY_FIELDS_H
#define SV_REPORT_QUERY_FIELDS_H

#include "core/report/rows/column.h"
#include "core/store/store.h"

/* What may be queried, as query_fields.c reads it from the one table, fields.def. */

/* What documents are linked to; SV_LINK_NONE: a field of the document itself. */
typedef enum { SV_LINK_NONE, SV_LINK_ITEM, SV_LINK_RACK, SV_LINK_SESSION, SV_LINK_COUNT, SV_LINK_COUNT_OF } sv_link_t;

typedef struct {
    const char *name;  /* "item" */
    const char *alias; /* its place in a pipeline's documents */
    sv_collection_t collection;
    const char *foreign; /* its id */
} sv_link_row_t;

extern const sv_link_row_t sv_link_rows[SV_LINK_COUNT_OF];

enum {
    SV_FIELD_KEY = 1,
    SV_FIELD_FAST = 2,
    SV_FIELD_TOTAL = 4,
    SV_FIELD_LIST = 8,
    SV_FIELD_DAY_TEXT = 16,
    SV_FIELD_MORE = 32,
    SV_FIELD_PROSE = 64,
    SV_FIELD_FIGURE = 128,
    SV_FIELD_STANDING = 256,
};

typedef struct {
    sv_collection_t collection;
    sv_link_t link;
    const char *name, *title, *path;
    sv_column_type_t type;
    unsigned flags;
} sv_report_field_t;

typedef struct {
    sv_collection_t collection;
    const char *title;
} sv_report_collection_t;

extern const sv_report_collection_t sv_report_collections[];
extern const size_t sv_report_collection_count;

/* NULL: there is none. */
const sv_report_collection_t *sv_report_collection(const char *name);
const sv_report_field_t *sv_report_fields(const sv_report_collection_t *collection, size_t *count);
const sv_report_field_t *sv_report_field(const sv_report_collection_t *collection, const char *name);
/* Path of the linked document's id; NULL: the collection has no such link. */
const char *sv_report_link_local(const sv_report_collection_t *collection, sv_link_t link);

/* What a filter may say, and how many values that takes. */
typedef enum {
    SV_OPERAND_ONE,
    SV_OPERAND_TWO,
    SV_OPERAND_LIST,
    SV_OPERAND_PATTERN,
    SV_OPERAND_FLAG,
    SV_OPERAND_PERIOD
} sv_operand_t;

typedef struct {
    const char *name;
    const char *mongodb; /* NULL: none by itself */
    const char *phrase;  /* "is at least" */
    sv_operand_t operand;
    unsigned types; /* bits of sv_column_type_t */
} sv_report_operator_t;

const sv_report_operator_t *sv_report_operator(const char *name);
bool sv_report_operator_allows(const sv_report_operator_t *op, const sv_report_field_t *field);

typedef enum { SV_FIGURE_ROWS, SV_FIGURE_DISTINCT, SV_FIGURE_SUM, SV_FIGURE_AVERAGE, SV_FIGURE_LEAST } sv_figure_t;

typedef struct {
    const char *name;    /* "sum" */
    const char *mongodb; /* the accumulator */
    const char *phrase;  /* "Sum of" */
    sv_figure_t figure;
    unsigned types;
} sv_report_aggregator_t;

const sv_report_aggregator_t *sv_report_aggregator(const char *name);
/* `field` NULL: of rows. */
bool sv_report_aggregator_allows(const sv_report_aggregator_t *aggregator, const sv_report_field_t *field);

/* The spans that times are grouped by: "day", "week", "month", and NULL at the end. */
extern const char *const sv_report_spans[];

#endif
