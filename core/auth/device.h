#ifndef SV_DEVICE_H
#define SV_DEVICE_H

#include "core/store/store.h"

/* Devices enrolled by a password login (docs/data-model.md, devices).  A device's secret is 256 random bits, so a plain
 * SHA-256 of it is kept. */
typedef struct {
    const char *device_id;
    const char *name; /* NULL: none */
    int64_t enrolled_at_ms;
    int64_t last_used_at_ms; /* 0: never since */
} sv_device_t;

/* Enrols the device anew and gives its fresh secret: who logs in with the password may have lost the old one.  In the
 * transaction when there is one.  now_ms: MongoDB's clock. */
sv_status_t sv_device_enrol(sv_store_t *store, const char *user_id, const char *device_id, int64_t now_ms,
                            sv_arena_t *arena, const char **secret, sv_error_t *error);

/* Whether the secret is the device's, compared in constant time. */
sv_status_t sv_device_check(sv_store_t *store, const char *user_id, const char *device_id, const char *secret,
                            bool *valid, sv_error_t *error);

/* Notes that the device logged in. */
sv_status_t sv_device_used(sv_store_t *store, const char *user_id, const char *device_id, sv_error_t *error);

/* The user's devices, by id; *devices is an array of *count in the arena.  device_id NULL: all. */
sv_status_t sv_device_list(sv_store_t *store, const char *user_id, const char *device_id, sv_arena_t *arena,
                           const sv_device_t **devices, size_t *count, sv_error_t *error);

/* SV_ERR_NOT_FOUND when the user has no such device. */
sv_status_t sv_device_forget(sv_store_t *store, const char *user_id, const char *device_id, sv_error_t *error);

#endif
