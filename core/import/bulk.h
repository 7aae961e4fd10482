#ifndef SV_IMPORT_BULK_H
#define SV_IMPORT_BULK_H

#include "core/import/import.h"
#include "core/import/once.h"
#include "core/store/store.h"

/*
 * Rows gathered and written a thousand at a time, so that 100,000 take seconds: new documents in one insert, known ones
 * that would change in one transaction of updates, which a server makes durable once and not row by row.  What is
 * written together is not atomic as a whole: an import that breaks off is repeated, and a row says the same however
 * often it is written.  A dry run (the options' `plan`) reads the same, tells, and writes nothing; a code that comes
 * again more than a thousand rows on is then told as new twice.
 */
enum { SV_IMPORT_BULK_ROWS = 1000 };

typedef struct {
    long line;
    const char *key;        /* the selector's values, to tell rows apart */
    const bson_t *selector; /* unique fields of type text */
    const bson_t *told;     /* $set, $setOnInsert and $currentDate */
    const bson_t *update;   /* the same with what follows from it and from what is stored */
    const bson_t *stored;   /* the document `update` follows from; NULL: none, or none with corrections */
    bool known;             /* the document exists: update it */
    bool same;              /* and has what the row says already */
} sv_import_row_t;

/* What becomes of a row, as it is seen before it is written. */
typedef enum { SV_IMPORT_CREATED, SV_IMPORT_CHANGED, SV_IMPORT_SAME, SV_IMPORT_REFUSED } sv_import_outcome_t;

/* Fields that follow from others, which the row need not have: `stored` is the document as it stands (NULL: there is
 * none), `set` what the row sets; what follows is appended to `derived`.  Of the fields named, what is stored is read.
 *
 * A field that a person has corrected (it stands in the document's `corrections`) keeps their value; what the row says
 * of it goes into the document named `beside`. */
typedef struct sv_import_derived_s {
    const char *const *fields; /* NULL-terminated */
    const char *const *names;  /* of those that follow; NULL-terminated */
    void (*put)(const bson_t *stored, const bson_t *set, const bson_t *selector, int64_t now_ms, bson_t *derived,
                sv_arena_t *arena);
    const char *corrections, *beside;
} sv_import_derived_t;

typedef struct {
    sv_store_t *store;
    sv_collection_t collection;
    sv_import_table_t *table;
    sv_arena_t *arena; /* of the rows gathered */
    sv_import_row_t rows[SV_IMPORT_BULK_ROWS];
    size_t count;
    const char *missing; /* the column that new documents would need and the file lacks: it only changes; NULL: none */
    sv_import_once_t *once; /* rows that say otherwise than one before are refused; NULL: the last one holds */
    const sv_import_derived_t *derived;                                     /* NULL: none */
    void (*settled)(void *context, long line, sv_import_outcome_t outcome); /* NULL: nobody is told */
    void *settled_context;
    int64_t now_ms; /* the server's time when the import began */
    int64_t created, changed, unchanged;
} sv_import_bulk_t;

sv_status_t sv_import_bulk_init(sv_import_bulk_t *bulk, sv_store_t *store, sv_collection_t collection,
                                sv_import_table_t *table, sv_error_t *error);
void sv_import_bulk_close(sv_import_bulk_t *bulk);

/* Takes the row, which is copied; writes when enough are gathered.  Rows the server refuses, unknown ones where
 * `missing` says so, and those that contradict one before are reported by their line. */
sv_status_t
sv_import_bulk_put(sv_import_bulk_t *bulk, long line, const bson_t *selector, const bson_t *update, sv_error_t *error);
sv_status_t sv_import_bulk_flush(sv_import_bulk_t *bulk, sv_error_t *error);

/* What became of the rows so far. */
void sv_import_bulk_result(const sv_import_bulk_t *bulk, sv_import_result_t *result);

#endif
