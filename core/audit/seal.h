#ifndef SV_SEAL_H
#define SV_SEAL_H

#include "core/store/store.h"

/*
 * The audit chain: every entry of activity_logs gets a sequence number, the hash of the entry before it and a hash of
 * its own, hash = SHA-256(prev_hash || entry), where prev_hash is its 64 hexadecimal digits (zeros before the
 * first) and the entry its BSON as stored, fields in the order of their names, without sealed, seq, prev_hash and
 * hash.  Entries are written unsealed in the transactions they tell of; sealing follows.
 *
 * The head (audit_chain) is changed by every sealing transaction, so of two that run at once one fails and the
 * chain cannot fork; one that dies leaves its entries unsealed for the next.
 */

/* Seals what is unsealed, a few hundred entries at most; *sealed is how many.  SV_ERR_INTERNAL when the chain and its
 * head do not agree. */
sv_status_t sv_audit_seal_round(sv_store_t *store, int64_t *sealed, sv_error_t *error);

typedef struct {
    int64_t entries;     /* checked and good */
    int64_t unsealed;    /* written and not yet sealed */
    int64_t bad_seq;     /* the first that is wrong, 0 when the chain is whole */
    const char *problem; /* a sentence, NULL when the chain is whole; in the error's arena */
} sv_audit_verdict_t;

/* Whether a sealed entry is still what was sealed, by the hash before it that it names. */
bool sv_audit_entry_is_whole(const bson_t *entry, sv_arena_t *arena);

/* Walks the chain as far as its head was when it began.  SV_OK whatever was found. */
sv_status_t sv_audit_verify(sv_store_t *store, sv_audit_verdict_t *verdict, sv_error_t *error);

#endif
