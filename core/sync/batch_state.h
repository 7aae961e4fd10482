#ifndef SV_SYNC_BATCH_STATE_H
#define SV_SYNC_BATCH_STATE_H

#include "core/sync/batch.h"
#include "core/sync/query.h"
#include "core/sync/text_map.h"

/*
 * One run of a batch's transaction: what is stored, as far as it concerns the batch, and what becomes of it as record
 * after record is judged.  Made anew for every run of the body; shared by batch*.c, classify.c and serials.c.
 */

/* What a record says, as far as later records are judged by it. */
typedef struct {
    const char *user_id;
    const char *session_id;
    const char *rack_id;
    const char *count_id;
    const char *item_key;
    const char *content_hash;
    int64_t order;
    bool order_suspect; /* record_clock.h */
    int64_t fence;
    bool is_void;
    bool partial;
    bool superseded;
    bool replaced; /* superseded for good: a person decided for another record of its floor session */
    sv_text_list_t serials;
} sv_figure_t;

/* A client_record_id that is stored, or is being stored. */
typedef struct {
    const char *client_record_id;
    const bson_t *stored; /* NULL: it is new */
    sv_figure_t before;   /* of `stored` */
    bool exists;          /* `now` says something */
    sv_figure_t now;
    const sv_record_t *record; /* to be written; NULL: nothing */
    sv_fenced_t *session;      /* of `record` */
    bool supersede;            /* to be marked: a later round or a replacement counts */
    bool stands_again;         /* to be marked: what counted in its place was withdrawn */
} sv_slot_t;

typedef struct sv_slot_link_s {
    sv_slot_t *slot;
    struct sv_slot_link_s *next;
} sv_slot_link_t;

/* A serial number that concerns the batch. */
typedef struct {
    const char *serial_number;
    const bson_t *stored;  /* its document; NULL: it is new */
    const char *before_id; /* the record that held it; NULL: none */
    const char *before_count;
    bool before_open;      /* that record's count is not over */
    const char *holder_id; /* the record that holds it now; NULL: none */
    sv_slot_t *taken_by;   /* set when a record of this batch took it */
} sv_serial_t;

typedef struct {
    const sv_record_t *record;
    sv_fenced_t *session;
    const bson_t *stored; /* the version it takes the place of; NULL: it is new */
    bool superseded;      /* stored, but another record counts */
} sv_placed_t;

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    const sv_sync_batch_t *batch;
    sv_arena_t *arena; /* of this run */
    sv_fenced_t *sessions;
    size_t session_count;
    sv_text_map_t session_of; /* session_id -> sv_fenced_t */
    sv_verdict_t *verdicts;
    bool resolving; /* a conflict, not a batch: whoever resolves it writes the audit entry */
    bool over_all;  /* the record counts against later rounds too: a supervisor decided so */

    /* what was read; empty in the good case */
    sv_text_map_t slot_of; /* client_record_id -> sv_slot_t */
    sv_slot_t **slots;     /* all of them */
    size_t slot_count, slot_room;
    sv_text_map_t figures;   /* session and item -> sv_slot_link_t */
    sv_text_map_t rounds;    /* count, rack and item -> sv_slot_link_t: earlier rounds; all others, when over_all */
    sv_text_map_t serial_of; /* serial_number -> sv_serial_t */
    sv_serial_t **serials;
    size_t serial_count, serial_room;
    sv_text_map_t book; /* rack and item -> sv_quantity_t, of strict counts */

    /* what is to be inserted; edits stand in `slots`, moved serials in `serials` */
    sv_placed_t *inserts;
    size_t insert_count;
} sv_batch_run_t;

/* Keys of the maps, in the run's arena. */
const char *sv_key_figure(sv_batch_run_t *run, const char *session_id, const char *item_key);
const char *sv_key_round(sv_batch_run_t *run, const char *count_id, const char *rack_id, const char *item_key);
const char *sv_key_book(sv_batch_run_t *run, const char *rack_id, const char *item_code);

void sv_batch_run_init(sv_batch_run_t *run);
sv_slot_t *sv_batch_slot(sv_batch_run_t *run, const char *client_record_id); /* made when new */
void sv_batch_link(sv_batch_run_t *run, sv_text_map_t *map, const char *key, sv_slot_t *slot);
sv_serial_t *sv_batch_serial(sv_batch_run_t *run, const char *serial_number); /* made when new */

/* batch_read.c: fills the run with what is stored, inside the transaction, after the fences. */
sv_status_t sv_batch_read(sv_batch_run_t *run, sv_error_t *error);

/* batch.c: lists the accepted records that are to be inserted: new ones, and edits that leave their item. */
void sv_batch_collect(sv_batch_run_t *run);
/* Whether an edit changes what the unique index on session and item says of its record. */
bool sv_batch_leaves_item(const sv_slot_t *slot);

/* classify.c: judges every record against the run, in the order of the batch. */
void sv_batch_classify(sv_batch_run_t *run);
/* One record; what is accepted changes the run. */
void sv_batch_judge(sv_batch_run_t *run, const sv_record_t *record, sv_verdict_t *verdict);
/* Another figure that counts for the record's item in its floor session; NULL: none. */
sv_slot_t *sv_find_other_figure(sv_batch_run_t *run, const sv_record_t *record, const sv_slot_t *slot);
/* Marks a figure as giving way to another, with its serial numbers: to a later round, or `for_good` to another record
 * of its floor session. */
void sv_batch_give_way(sv_batch_run_t *run, sv_slot_t *slot, bool for_good);
/* A figure of the floor session was withdrawn from the item.  When it has no other, those of the latest other round
 * that gave way count again, with their serial numbers. */
void sv_batch_stand_again(sv_batch_run_t *run, const sv_fenced_t *session, const char *item_key);
/* Puts a record into the run as accepted, whatever stands against it: conflict resolution. */
void sv_batch_accept(sv_batch_run_t *run, const sv_record_t *record, sv_fenced_t *session, sv_slot_t *slot);

/* batch_write.c: writes what the run holds.  SV_ERR_ALREADY_EXISTS: a unique key was taken meanwhile. */
sv_status_t sv_batch_write(sv_batch_run_t *run, sv_error_t *error);
/* Runs a bulk inside the transaction; its updates and deletions must have found `matches` documents, else
 * SV_ERR_ALREADY_EXISTS: somebody was faster. */
sv_status_t sv_batch_execute(sv_store_t *store, mongoc_bulk_operation_t *bulk, int64_t matches, sv_error_t *error);

/* serials.c */
void sv_serials_release(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *keep);
void sv_serials_take(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *record);
/* Takes those of a figure that stands again, as far as no other record has them now. */
void sv_serials_take_back(sv_batch_run_t *run, sv_slot_t *slot);
/* The first serial of the record that another record holds in an OPEN count; NULL: none. */
sv_serial_t *sv_serials_find_taken(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session);
/* Who holds a serial and where, for a client. */
const bson_t *sv_serials_describe(sv_batch_run_t *run, const sv_serial_t *serial, const sv_holder_t **holder);
sv_status_t sv_serials_write(sv_batch_run_t *run, sv_error_t *error);

#endif
