#ifndef SV_POINT_IN_TIME_H
#define SV_POINT_IN_TIME_H

#include "core/store/store.h"

/* Reads that all see the database as it was at one instant: that of the first of them. */
typedef struct {
    mongoc_client_session_t *session; /* for reads of the same store only */
    int64_t taken_ms;                 /* the server's time, not after the instant */
} sv_point_in_time_t;

/* SV_ERR_INTERNAL for a server that has no snapshot reads (MongoDB before 5.0). */
sv_status_t sv_point_in_time_begin(sv_store_t *store, sv_point_in_time_t *point, sv_error_t *error);
void sv_point_in_time_end(sv_point_in_time_t *point);

/* The collection for a read in such a session (NULL: for any read), to be destroyed by the caller.  The store's own
 * handles say what read concern they want, and the driver would send both, which MongoDB refuses. */
mongoc_collection_t *
sv_point_in_time_collection(sv_store_t *store, sv_collection_t collection, const mongoc_client_session_t *session);

#endif
