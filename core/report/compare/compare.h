#ifndef SV_COMPARE_H
#define SV_COMPARE_H

#include "core/base/json_reader.h"
#include "core/report/rows/row_pack.h"

/*
 * Comparisons of two tables of rows by merge join: both in the order of their keys, each read once, memory flat.  No
 * database here; core/report/compare/comparison.h keeps what comes of it.
 *
 * Rows are matched by the key fields.  A row that only one of the two has was added or removed; one that both have is
 * changed when any compared field differs by more than the field's tolerance, else unchanged.
 */

/* What is asked for; texts as long as what they were read from. */
typedef struct {
    const char *name;  /* the field's */
    int64_t tolerance; /* millionths */
} sv_compare_tolerance_t;

typedef struct {
    const char **key_fields; /* none: the columns that both tables have as their key */
    size_t key_count;
    const char **compare_fields; /* none: every other column that both have in the same type */
    size_t compare_count;
    int64_t tolerance;                        /* of every number, millionths */
    const sv_compare_tolerance_t *tolerances; /* of single fields, instead */
    size_t tolerance_count;
    bool include_unchanged; /* rows that are unchanged are written, too */
} sv_compare_options_t;

/* Reads key_fields, compare_fields, tolerance (a number, or an object of numbers by field) and include_unchanged.
 * False with the wrong fields named. */
bool sv_compare_options_read(const sv_json_fields_t *fields, sv_arena_t *arena, sv_compare_options_t *options);

/* The columns of the two tables. */
typedef struct {
    const sv_column_t *columns;
    size_t count;
} sv_compare_side_t;

/* A compared field: where it stands in each table, and in what comes of the comparison. */
typedef struct {
    const sv_column_t *column; /* of the baseline */
    size_t baseline, comparison;
    bool number;
    int64_t tolerance;                                   /* millionths; numbers only, as the next */
    int64_t millionths;                                  /* that one of its numbers, as they are stored, is */
    const sv_column_t *before, *after, *delta, *percent; /* the last two NULL unless a number */
} sv_compare_field_t;

typedef struct {
    sv_compare_side_t sides[2]; /* baseline, comparison */
    sv_row_key_t keys[2];
    const sv_compare_field_t *fields;
    size_t field_count;
    bool include_unchanged;
    bool alike; /* both tables have the same columns in the same order, so that equal rows have equal bytes */
    /* Of the rows written: the key's, "change", "changed_fields", then of each field before, after, delta, percent. */
    const sv_column_t *columns;
    size_t column_count;
} sv_compare_plan_t;

enum { SV_BASELINE, SV_COMPARISON, SV_COMPARE_MAX_COLUMNS = 128 };

/* Everything in the arena.  NULL with the wrong fields named: key_fields, compare_fields and tolerance must name
 * columns that both tables have in the same type; without key_fields the two must have the same key. */
const sv_compare_plan_t *sv_compare_plan(const sv_compare_side_t *baseline, const sv_compare_side_t *comparison,
                                         const sv_compare_options_t *options, sv_arena_t *arena, sv_error_t *error);

typedef enum { SV_ROW_ADDED, SV_ROW_REMOVED, SV_ROW_CHANGED, SV_ROW_UNCHANGED, SV_ROW_CHANGE_COUNT } sv_row_change_t;
extern const char *const sv_row_changes[]; /* their words, and NULL at the end */

/* Of one compared field over all rows.  Sums may pass int64, so they are wide; a null counts as nothing. */
typedef struct {
    __int128 sums[2];
    int64_t changed;              /* rows of both tables where it differs */
    int64_t increased, decreased; /* of these; numbers only */
} sv_compare_figures_t;

typedef struct {
    int64_t rows[2]; /* of the tables */
    int64_t counts[SV_ROW_CHANGE_COUNT];
    sv_compare_figures_t *fields; /* of the plan's fields, the caller's array */
    int unsorted;                 /* -1, or the side whose rows are not in the order of the key */
} sv_compare_result_t;

/*
 * Runs the join.  Gives `sink` the rows of the plan's columns in the order of the key.  delta = after - before, where a
 * row that is not there and a null beside a number count as 0, so that deltas add up to the difference of the sums;
 * percent is delta / |before|, null where that is 0 or null.
 *
 * SV_ERR_KEY_NOT_UNIQUE when two rows of a table have the same key.  SV_OK and result->unsorted >= 0: it ended early,
 * and nothing that was given to the sink counts; sort that side (core/report/rows/row_sort.h) and begin again.
 */
sv_status_t sv_compare_run(const sv_compare_plan_t *plan, const sv_packed_source_t sources[2], sv_value_sink_t sink,
                           sv_arena_t *arena, sv_compare_result_t *result, sv_error_t *error);

#endif
