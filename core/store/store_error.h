#ifndef SV_STORE_ERROR_H
#define SV_STORE_ERROR_H

#include <mongoc/mongoc.h>

#include "core/base/error.h"

/* Turns a driver error into a status: network, selection, failover, time-out and write-concern errors are
 * SV_ERR_UNAVAILABLE, anything else SV_ERR_INTERNAL, with the cause for the log. */
sv_status_t sv_store_fail(const bson_error_t *driver_error, sv_error_t *error);
bool sv_store_is_duplicate_key(const bson_error_t *driver_error, const bson_t *reply);

#endif
