#ifndef SV_SYNC_RECORD_H
#define SV_SYNC_RECORD_H

#include <bson/bson.h>
#include <jansson.h>

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/codec.h"
#include "core/base/error.h"
#include "core/base/json_writer.h"
#include "core/base/quantity.h"
#include "core/stock/lots.h"

/*
 * A verification record as a client sends it: one figure for one item on one rack in one
 * floor session.  Its members stand in one table (record.def), which the parser, the hash and the
 * BSON and JSON forms read.
 */
enum {
    SV_RECORD_MAX_SERIALS = 1000,
    SV_RECORD_MAX_PHOTOS = 50,
    SV_RECORD_MAX_REPLACES = 100,
    /* Figures of one item and lot on one rack in a round: every new one is judged beside all of them. */
    SV_RECORD_MAX_FIGURES = 1000,
    SV_CONTENT_HASH_SIZE = 2 + SV_SHA256_HEX_SIZE /* "2:" and the digest */
};

typedef enum { SV_RECORD_PARTIAL, SV_RECORD_FINALIZED, SV_RECORD_VOID } sv_record_status_t;

extern const char *const sv_record_statuses[]; /* "partial", "finalized", "void", NULL */

/* How a member is read, hashed and stored. */
typedef enum {
    SV_MEMBER_CODE,      /* const char *: scanned, or made of what is */
    SV_MEMBER_ID,        /* const char *: made by a device; small letters when it is of UUID form */
    SV_MEMBER_TEXT,      /* const char *: one line, may be empty */
    SV_MEMBER_NOTE,      /* const char *: several lines */
    SV_MEMBER_DATE,      /* const char *: a calendar day, kept as sent */
    SV_MEMBER_CONDITION, /* const char * */
    SV_MEMBER_STATUS,    /* sv_record_status_t in an int */
    SV_MEMBER_QUANTITY,  /* sv_quantity_t */
    SV_MEMBER_TIME,      /* int64_t, UTC ms */
    SV_MEMBER_REVISION,  /* int64_t >= 0 */
    SV_MEMBER_BOOL,      /* bool */
    SV_MEMBER_LIST       /* sv_text_list_t */
} sv_member_kind_t;

typedef struct {
    const char **items;
    size_t count;
} sv_text_list_t;

/* What was said in a pack's unit; the record itself then has it in the item's own. */
typedef struct {
    const char *uom; /* NULL: nothing was */
    sv_quantity_t factor;
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
} sv_record_said_t;

/* Places of the members in record.def. */
typedef enum {
#define SV_RECORD_MEMBER(name, kind, presence, limit, content) SV_RECORD_HAS_##name,
#include "core/sync/record.def"
#undef SV_RECORD_MEMBER
    SV_RECORD_MEMBER_COUNT
} sv_record_member_t;

/* What makes a record wrong by itself: the first fault found.  `field` is the member's
 * path inside the record ("serial_numbers[2]"), "" for the record itself. */
typedef struct {
    const char *field;
    const char *code;
    const char *message;
} sv_record_fault_t;

/* Texts point into the JSON the record was read from, or into the arena.  What is absent, null or "" is not present. */
typedef struct {
    size_t index;     /* place in the batch */
    uint64_t present; /* bit SV_RECORD_HAS_name for each member sent */

    const char *told_id; /* client_record_id as it was sent, for the answer; NULL: it was no text */

    const char *client_record_id;
    const char *session_id;
    const char *rack_id;   /* NULL: the floor session's */
    const char *floor;     /* informative; the floor session's is stored */
    const char *item_code; /* or NULL, and then: */
    const char *unknown_item_id;
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
    int status; /* sv_record_status_t */
    bool partial;
    int64_t revision; /* when present */
    int64_t created_at;
    int64_t updated_at;
    sv_text_list_t serial_numbers;
    const char *condition;
    const char *mfg_date;
    const char *expiry_date;
    const char *lot;
    sv_quantity_t mrp;
    const char *uom;
    const char *category;
    const char *subcategory;
    const char *damage_reason;
    const char *variance_reason;
    bool variance_confirmed;
    const char *correction_reason;
    const char *remark;
    sv_text_list_t photo_proofs;
    sv_text_list_t replaces; /* client_record_ids of figures in whose place this one counts */

    int64_t order; /* revision, else updated_at: orders one owner's edits */
    char content_hash[SV_CONTENT_HASH_SIZE];
    const char *item_key;   /* item_code, or a key no item code can be */
    const char *lot_key;    /* what parts an item's figures: sv_record_lot_key() */
    const char *counted_as; /* not sent: the code it came under, which is linked to its item (core/sync/links.h) */
    bool linked;            /* not sent: its item is what its code or find is linked to */
    sv_record_said_t said;  /* not sent: made of what was (core/sync/rules.h) */
    sv_lot_tracking_t lots; /* of its item */
    bool lot_apart;         /* not sent: its item's lots are counted apart in its count */
    bool unknown;           /* not sent: its item_code is none that is known (core/sync/items.h) */
    bool declared_empty;    /* not sent: a zero that stands for "nothing there" */

    bool malformed;          /* a fault of shape: cannot be a stored record; client_record_id may be anything or NULL */
    sv_record_fault_t fault; /* code NULL: none */
} sv_record_t;

static inline bool
sv_record_has(const sv_record_t *record, sv_record_member_t member)
{
    return (record->present >> member & 1) != 0;
}

static inline bool
sv_record_is_void(const sv_record_t *record)
{
    return record->status == SV_RECORD_VOID;
}

/* An item whose lots are counted apart has one figure a lot (the empty one is a lot too), any other has one. */
static inline const char *
sv_record_lot_key(const sv_record_t *record, bool lot_tracked)
{
    return lot_tracked && record->lot != NULL ? record->lot : "";
}

/* Sets the fault unless there is one; always false, to end a check with. */
bool sv_record_fail(sv_record_t *record, sv_arena_t *arena, const char *field, const char *code, const char *format,
                    ...) __attribute__((format(printf, 5, 6)));

#endif
