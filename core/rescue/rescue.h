#ifndef SV_RESCUE_H
#define SV_RESCUE_H

#include <jansson.h>

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/store.h"
#include "core/sync/verdict.h"

/*
 * What a lost or broken phone had unsent, from the file that its app exported (docs/client-protocol.md, The file of a
 * rescue).  A supervisor sends it for the phone's user.  A record of it is never a figure: it waits as a conflict
 * (`rescued`) until a person decides, however good it is, since nobody knows what was counted in its place meanwhile.
 * Finds and count lines are stored as their user's: they are part of no total.
 *
 * The same file again finds everything there.
 */
enum { SV_RESCUE_LIST_MAX = 10000 /* of each list of a file */ };

/* A file as it was sent; what its lists hold is read where it is stored. */
typedef struct {
    sv_principal_t owner; /* whose phone it was */
    const char *device_id, *app;
    int64_t exported_at_ms;
    const json_t *records, *unknown_items, *count_lines; /* arrays */
} sv_rescue_t;

/* An element that could not be kept, and why. */
typedef struct {
    const char *list;
    size_t index;
    const char *id; /* as it was sent; NULL: it was no text */
    const char *field, *code, *message;
    bool retry; /* nothing is wrong with it: the same file again may be taken */
} sv_rescue_fault_t;

typedef struct {
    sv_store_t *store;
    const sv_rescue_t *rescue;
    sv_arena_t *arena;
    sv_verdict_t *verdicts; /* of the records that can be read: conflicts, and those that were stored already */
    size_t verdict_count;
    size_t finds, lines; /* that are stored */
    sv_rescue_fault_t *faults;
    size_t fault_count, fault_capacity;
} sv_rescued_t;

/* Reads a file and finds its user.  SV_ERR_VALIDATION_FAILED.  On a thread that owns `store`. */
sv_status_t sv_rescue_read(sv_store_t *store, const json_t *body, sv_rescue_t *rescue, sv_error_t *error);

/* Keeps what is in it and notes in the audit trail who did.  SV_OK: every element is kept, or among the faults;
 * SV_ERR_UNAVAILABLE: send the file again.  Results live in error->arena. */
sv_status_t sv_rescue(sv_store_t *store, const sv_principal_t *who, const sv_rescue_t *rescue, sv_rescued_t *rescued,
                      sv_error_t *error);

void sv_rescued_write_json(sv_json_writer_t *w, const sv_rescued_t *rescued);

/* ---- its parts: rescue_records.c, rescue_evidence.c */

void sv_rescue_fail(sv_rescued_t *rescued, const sv_rescue_fault_t *fault);
sv_status_t sv_rescue_records(sv_rescued_t *rescued, sv_error_t *error);
sv_status_t sv_rescue_finds(sv_rescued_t *rescued, sv_error_t *error);
sv_status_t sv_rescue_lines(sv_rescued_t *rescued, sv_error_t *error);

#endif
