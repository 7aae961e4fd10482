#ifndef SV_ERP_ANSWERING_H
#define SV_ERP_ANSWERING_H

#include "worker/duty.h"

/*
 * Answers what is asked by core/erp/lookup.h: a thread of every worker that has an ERP takes questions from Redis, one
 * after another, over one child that stays connected.  An item that is found is stored with its stock before the answer
 * is told.
 */
typedef struct {
    const sv_worker_t *worker;
    sv_store_t *store;
    pthread_t thread;
    bool started;
} sv_erp_answering_t;

/* Clients of MongoDB it needs: one, or none where no ERP is configured. */
unsigned sv_erp_answering_clients(const sv_settings_t *settings);
/* False when a thread or a MongoDB client is not to be had. */
bool sv_erp_answering_start(sv_erp_answering_t *answering, const sv_worker_t *worker);
/* After its thread has left, which the worker's stop orders. */
void sv_erp_answering_join(sv_erp_answering_t *answering);

#endif
