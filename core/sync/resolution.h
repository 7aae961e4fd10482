#ifndef SV_SYNC_RESOLUTION_H
#define SV_SYNC_RESOLUTION_H

#include "core/sync/batch_state.h"
#include "core/sync/conflict.h"

/* One run of the transaction that resolves a conflict by storing a record. */
typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    const sv_resolve_t *resolve;
    sv_resolved_t *resolved;
    sv_arena_t *arena;
    const bson_t *conflict;
    const char *type;
    sv_principal_t owner; /* as whom the record is judged */
    sv_record_t record;
    sv_verdict_t verdict;
    sv_batch_run_t run;
    sv_sync_batch_t batch;
    sv_slot_t *slot;
    bool above; /* a supervisor decides for somebody else, or past the fence */
} sv_resolution_t;

bool sv_resolution_is_type(const sv_resolution_t *resolution, sv_conflict_type_t type);
/* The same, and a rescued record may meet any of the others once it is decided about. */
bool sv_resolution_meets(const sv_resolution_t *resolution, sv_conflict_type_t type);
/* A merge that does not say what the merged record is: both stand beside each other. */
bool sv_resolution_adds_up(const sv_resolution_t *resolution);

/* resolution_store.c: judges the record as far as a person's decision leaves anything to judge, and stores it. */
sv_status_t sv_resolution_store(sv_resolution_t *resolution, sv_error_t *error);

#endif
