#ifndef SV_SYNC_BATCH_STATE_H
#define SV_SYNC_BATCH_STATE_H

#include "core/auth/principal.h"
#include "core/store/store.h"
#include "core/sync/batch_sent.h"
#include "core/sync/fence.h"
#include "core/sync/query.h"
#include "core/sync/verdict.h"
#include "core/sync/what_counts.h"
#include "core/base/text_map.h"

/*
 * One run of a batch's transaction: what is stored, as far as it concerns the batch, and what becomes of it as record
 * after record is judged.  Made anew for every run of the body; shared by batch*.c, figures.c, classify.c, accept.c,
 * serials*.c and resolve*.c.
 */

/* What a record says, as far as later records are judged by it. */
typedef struct {
    const char *user_id;
    const char *session_id;
    const char *rack_id;
    const char *count_id;
    const char *item_key;
    const char *key; /* of its item's figures: sv_key_item() */
    const char *content_hash;
    int64_t order;
    bool order_suspect; /* record_clock.h */
    bool whole;         /* it has its floor session's place for the item in the unique index */
    sv_text_list_t serials;
    sv_contender_t stand;
} sv_figure_t;

/* A client_record_id that is stored, or is being stored. */
typedef struct {
    const char *client_record_id;
    const bson_t *stored; /* NULL: it is new */
    bool old_form;        /* `stored` says by flags what its standing is */
    bool misspelt;        /* it is stored under another spelling of its id (old_ids.h) */
    sv_figure_t before;   /* of `stored`, with the standing it has there */
    bool exists;          /* `now` says something */
    sv_figure_t now;
    const sv_record_t *record; /* to be written; NULL: nothing */
    sv_fenced_t *session;      /* of `record` */
    const char *decided_by;    /* set: who decided `now.stand.decision` */
    bool renew;                /* its marks are written anew, changed or not */
    bool linked;               /* stored, and another item's now (relink.h) */
    const char *linked_lot;    /* set with `linked`: its lot_key */
    bson_t *review;            /* set with `linked`: what a supervisor is to look at */
} sv_slot_t;

typedef struct sv_slot_link_s {
    sv_slot_t *slot;
    struct sv_slot_link_s *next;
} sv_slot_link_t;

/* A serial number that concerns the batch (serial_key.h). */
typedef struct {
    const char *serial_number; /* as it was first met in this run */
    const char *serial_key;
    const char *item_scope;
    const bson_t *stored;  /* its document; NULL: it is new */
    const char *before_id; /* the record that held it; NULL: none */
    const char *before_count;
    bool before_open;      /* that record's count is not over */
    bool before_blind;     /* and it is a blind one */
    const char *holder_id; /* the record that holds it now; NULL: none */
    sv_slot_t *taken_by;   /* set when a record of this batch took it */
} sv_serial_t;

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    const sv_sync_batch_t *batch;
    sv_arena_t *arena; /* of this run */
    sv_fenced_t *sessions;
    size_t session_count;
    sv_text_map_t session_of; /* session_id -> sv_fenced_t */
    sv_verdict_t *verdicts;
    bool by_decision;      /* a person's decision, not a batch: whoever makes it writes the audit entry */
    int64_t present_round; /* past the fence: the rack's round in which the decision is made; else 0 */

    /* what was read; empty in the good case */
    sv_text_map_t slot_of; /* client_record_id -> sv_slot_t */
    sv_slot_t **slots;     /* all of them */
    size_t slot_count, slot_room;
    sv_text_map_t figures;   /* count, rack, item and lot -> sv_slot_link_t */
    sv_text_map_t complete;  /* keys of it whose figures were all read */
    sv_text_map_t serial_of; /* sv_key_serial() -> sv_serial_t */
    bool of_before; /* the migration is not through: serial numbers and ids may be stored as they were before */
    sv_serial_t **serials;
    size_t serial_count, serial_room;
    sv_text_map_t book;  /* rack and item -> sv_quantity_t, of strict counts */
    sv_text_map_t links; /* unknown code that is noted -> its item, "" where it has none (links.h) */
} sv_batch_run_t;

/* batch_state.c: keys of the maps, in the run's arena. */
const char *
sv_key_item(sv_batch_run_t *run, const char *count_id, const char *rack_id, const char *item_key, const char *lot_key);
/* Of the figures that the record would stand among. */
const char *sv_key_record(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session);
const char *sv_key_book(sv_batch_run_t *run, const char *rack_id, const char *item_code);
const char *sv_key_serial(sv_batch_run_t *run, const char *item_scope, const char *serial_key);

void sv_batch_run_init(sv_batch_run_t *run);
sv_slot_t *sv_batch_slot(sv_batch_run_t *run, const char *client_record_id); /* made when new */
void sv_batch_link(sv_batch_run_t *run, sv_text_map_t *map, const char *key, sv_slot_t *slot);

/* What is to be done with a slot's document. */
bool sv_slot_is_edit(const sv_slot_t *slot);
bool sv_slot_is_marked(const sv_slot_t *slot); /* stored, not edited, and its marks change */
/* Whether its document gives its place in the unique index on session and item up, or changes it. */
bool sv_slot_leaves_place(const sv_slot_t *slot);

/* batch_read.c: fills the run with what is stored, inside the transaction, after the fences. */
sv_status_t sv_batch_read(sv_batch_run_t *run, sv_error_t *error);
/* The same with all that was counted on a rack in a count: for a run without records. */
sv_status_t sv_batch_read_rack(sv_batch_run_t *run, const char *count_id, const char *rack_id, sv_error_t *error);
/* Its two halves, for who changes figures in between. */
sv_status_t
sv_batch_read_rack_figures(sv_batch_run_t *run, const char *count_id, const char *rack_id, sv_error_t *error);
sv_status_t sv_batch_read_serials(sv_batch_run_t *run, sv_error_t *error);

/* figures.c: the figures of one item on one rack in one count. */
typedef struct {
    sv_slot_t **slots;
    sv_contender_t **stands;
    size_t count;
} sv_figures_t;

sv_figures_t sv_figures_of(sv_batch_run_t *run, const char *key);
/* Reads what a stored record says, its marks too. */
void sv_figures_read(sv_batch_run_t *run, sv_slot_t *slot, const bson_t *record);
/* Decides all standings after reading. */
void sv_figures_begin(sv_batch_run_t *run);
/* Decides the standings anew after a change; serial numbers go with the figures that count. */
void sv_figures_settle(sv_batch_run_t *run, const char *key);
/* How the record would stand among them. */
sv_contender_t sv_figures_candidate(const sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session,
                                    const sv_slot_t *slot);
/* `among` are the figures of sv_key_record(), looked up once for all that is asked about a record; it would stand among
 * them as `candidate`, and `slot` is its own.  How many others its round has of the item, those that no longer count too. */
size_t sv_figures_of_round(const sv_figures_t *among, const sv_contender_t *candidate, const sv_slot_t *slot);
/* What others of its round count of the item, those it replaces left out: sound pieces and such as go back. */
sv_quantity_t sv_figures_beside(const sv_figures_t *among, const sv_record_t *record, const sv_contender_t *candidate,
                                const sv_slot_t *slot);
/* The one that must be asked about before the record may stand; NULL: none. */
sv_slot_t *
sv_figures_in_the_way(const sv_figures_t *among, const sv_record_t *record, const sv_contender_t *candidate);

/* classify.c: judges every record against the run, in the order of the batch. */
void sv_batch_classify(sv_batch_run_t *run);
/* One record; what is accepted changes the run. */
void sv_batch_judge(sv_batch_run_t *run, const sv_record_t *record, sv_verdict_t *verdict);

/* batch_blind.c: where the sender counts `blind`, another's figure is told only to be there; what is kept for a supervisor
 * says all.  True: it was outlined. */
bool sv_verdict_outline(const sv_batch_run_t *run, sv_verdict_t *verdict, bool blind);
/* The same of all conflicts among the verdicts, where the sender is blind beside their counts. */
sv_status_t sv_batch_hide(sv_batch_run_t *run, sv_error_t *error);

/* accept.c: puts a record into the run as accepted, whatever stands against it; `key` is its sv_key_record(). */
void sv_batch_accept(sv_batch_run_t *run, const sv_record_t *record, sv_fenced_t *session, sv_slot_t *slot,
                     const char *key);

/* batch_write.c: writes what the run holds.  SV_ERR_ALREADY_EXISTS: a unique key was taken meanwhile. */
sv_status_t sv_batch_write(sv_batch_run_t *run, sv_error_t *error);
/* batch_trail.c: what goes with the records: the audit trail, items to derive, conflicts that
 * are settled by it. */
sv_status_t sv_batch_write_trail(sv_batch_run_t *run, sv_error_t *error);
/* batch_settle.c: what was in conflict about older versions of a record is settled by the one that is stored now. */
sv_status_t sv_batch_settle_conflicts(sv_batch_run_t *run, sv_error_t *error);
/* Runs a bulk inside the transaction; its updates and deletions must have found `matches` documents, else
 * SV_ERR_ALREADY_EXISTS: somebody was faster. */
sv_status_t sv_batch_execute(sv_store_t *store, mongoc_bulk_operation_t *bulk, int64_t matches, sv_error_t *error);

/* serials.c */
void sv_serials_release(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *keep);
void sv_serials_take(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *record);
/* Takes those of a figure that stands again, as far as no other record has them now. */
void sv_serials_take_back(sv_batch_run_t *run, sv_slot_t *slot);
/* The first serial of the record that another record holds in an OPEN count; NULL: none.  `among` and `candidate` as for
 * sv_figures_in_the_way(). */
sv_serial_t *sv_serials_find_taken(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session,
                                   const sv_figures_t *among, const sv_contender_t *candidate);
/* Who holds a serial and where, for a client. */
const bson_t *sv_serials_describe(sv_batch_run_t *run, const sv_serial_t *serial, const sv_holder_t **holder);
/* Those of a figure that is another item's now go with it, as far as no other record has them there; how many did not.
 */
size_t sv_serials_rekey(sv_batch_run_t *run, sv_slot_t *slot);
/* Whether it changes its place. */
bool sv_serials_moves(const sv_serial_t *serial);
/* What `current` says of the record that has it. */
void sv_serials_append_place(bson_t *place, const sv_slot_t *slot);
/* Of the record that took the serial number; NULL: an item that is not known. */
const char *sv_serials_item(const sv_serial_t *serial);

/* serials_write.c */
sv_status_t sv_serials_write(sv_batch_run_t *run, sv_error_t *error);

#endif
