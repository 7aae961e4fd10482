#ifndef SV_BLOCK_ANNOUNCE_H
#define SV_BLOCK_ANNOUNCE_H

#include "core/store/store.h"

/* What is to be done before a block is inserted outside of any transaction: on the writer's thread, through its client.
 */
typedef struct {
    sv_status_t (*call)(void *context, sv_store_t *store, sv_error_t *error);
    void *context;
} sv_block_announce_t;

#endif
