#ifndef SV_PHOTO_H
#define SV_PHOTO_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/store.h"

/*
 * Evidence pictures, in the layout of GridFS (bucket "photos"): a document in photos.files, unique by client_photo_id,
 * and chunks of 255 KiB in photos.chunks.  Records and finds name a photo by its client_photo_id, before or after it
 * came (docs/evidence.md).
 *
 * The head comes last, so a photo is seen whole or not at all.  An upload is noted in photo_uploads before its first
 * chunk; the transaction that stores the head takes the note away.  Of an upload that never got there the note is left,
 * and sv_photos_sweep() removes its chunks: the note, marked as swept, is what a late head would look for in vain.
 */
enum { SV_PHOTO_ID_MAX = 128, SV_PHOTO_SIDE_MAX = 16384, SV_PHOTO_PIXELS_MAX = 100 * 1000 * 1000 };

/* How often workers look for uploads that were left. */
enum { SV_PHOTOS_SWEEP_MS = 600000 };

/* PHOTO_DAY_MAX is of so long. */
enum { SV_PHOTO_DAY_MS = 86400000 };

/* Stores a picture; the same bytes of the same user under the id are there already (`*created` false).  Errors:
 * SV_ERR_PHOTO_TYPE, SV_ERR_VALIDATION_FAILED (its size in pixels; the user stored as many within a day as there may
 * be), SV_ERR_ALREADY_EXISTS (other bytes, or another's). */
sv_status_t sv_photo_put(sv_store_t *store, const sv_principal_t *who, const char *client_photo_id, const uint8_t *data,
                         size_t length, const bson_t **photo, bool *created, sv_error_t *error);

/* The head of a photo: one's own, or any for a supervisor; else SV_ERR_NOT_FOUND. */
sv_status_t sv_photo_find(sv_store_t *store, const sv_principal_t *who, const char *client_photo_id,
                          const bson_t **photo, sv_error_t *error);

/* Writes the bytes of a photo to a file, a few chunks in memory at a time. */
sv_status_t sv_photo_copy(sv_store_t *store, const bson_t *photo, int fd, sv_error_t *error);

/* The members of one for a client, within an open object. */
void sv_photo_write_members(sv_json_writer_t *w, const bson_t *photo);

/* Removes the chunks of an upload, and its note. */
sv_status_t sv_photo_drop(sv_store_t *store, const bson_oid_t *id, sv_error_t *error);

/* Removes what uploads left that did not end within an hour, and photos that nothing names PHOTO_ORPHAN_DAYS after they
 * came or were last sent (0: never). */
sv_status_t sv_photos_sweep(sv_store_t *store, int64_t *swept, sv_error_t *error);

#endif
