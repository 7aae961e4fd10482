#ifndef SV_MIGRATE_H
#define SV_MIGRATE_H

#include "core/store/store.h"

/*
 * Bringing what an earlier version stored to what this one stores: steps in their order, each in chunks.  After every
 * chunk the collection `migrations` says where the step stands, so one that was killed goes on there.  A step is
 * written so that a chunk done twice, or by two at once, does no harm; nginx and workers run meanwhile and read both.
 */

/* One chunk of a step: small enough for one transaction, or for writes that may be repeated. */
typedef struct {
    sv_store_t *store;
    sv_arena_t *arena;    /* of this chunk */
    bool dry_run;         /* look and count, change nothing */
    const bson_t *cursor; /* what the chunk before left in `next`; NULL: the first */
    bson_t *next;         /* where this one ended; left empty: the step is through */
    int64_t seen;         /* how much it looked at */
    int64_t changed;      /* how much of it it changed, or would */
} sv_migration_chunk_t;

typedef struct {
    const char *name; /* "rounds"; never changed, the collection knows it */
    const char *text; /* what it does, for the operator */
    /* Whether anything is stored as it was before; a quick look.  A step that is noted as done is not asked. */
    sv_status_t (*is_due)(sv_store_t *store, bool *due, sv_error_t *error);
    sv_status_t (*run_chunk)(sv_migration_chunk_t *chunk, sv_error_t *error);
} sv_migration_step_t;

/* The system's steps; the last has no name. */
extern const sv_migration_step_t sv_migration_steps[];

typedef enum {
    SV_MIGRATION_NOT_DUE, /* nothing to do */
    SV_MIGRATION_RUNS,    /* a chunk is done */
    SV_MIGRATION_DONE
} sv_migration_state_t;

/* Told after every chunk, and when a step ends; the figures are of the step so far, an earlier run's too. */
typedef void (*sv_migration_report_t)(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen,
                                      int64_t changed, void *context);

typedef struct {
    bool dry_run;
    bool again; /* also steps that are done, from their beginning */
    sv_migration_report_t report;
    void *context;
} sv_migration_options_t;

/* Runs the steps that are due.  SV_ERR_UNAVAILABLE: what was done stands, and the next run goes on. */
sv_status_t sv_migrations_run(sv_store_t *store, const sv_migration_step_t *steps,
                              const sv_migration_options_t *options, sv_error_t *error);

/* The first step that is due; NULL: none. */
sv_status_t sv_migrations_find_due(sv_store_t *store, const sv_migration_step_t *steps, const sv_migration_step_t **due,
                                   sv_error_t *error);

#endif
