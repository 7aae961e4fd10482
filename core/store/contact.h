#ifndef SV_STORE_CONTACT_H
#define SV_STORE_CONTACT_H

#include <mongoc/mongoc.h>

/*
 * Whether a piece of work reached MongoDB: what its status does not tell, because work may end, well or badly, without
 * having asked anything.  Counted by the thread that works, whichever pool's client it works with; who wants to know
 * compares the counts of before and after.
 */
typedef struct {
    uint64_t answered; /* commands the server answered, by an error too */
    uint64_t failed;   /* calls that ended as SV_ERR_UNAVAILABLE */
} sv_contact_t;

/* Of the calling thread, since it began. */
sv_contact_t sv_contact_now(void);

/* Has the commands of the pool's clients counted.  Before the first client is made. */
void sv_contact_watch(mongoc_client_pool_t *clients);
/* Has those of a client counted that is of no pool. */
void sv_contact_watch_client(mongoc_client_t *client);

/* A call failed because MongoDB was not to be reached, or not able (sv_store_fail). */
void sv_contact_note_failure(void);

#endif
