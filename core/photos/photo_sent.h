#ifndef SV_PHOTO_SENT_H
#define SV_PHOTO_SENT_H

#include <jansson.h>

#include "core/photos/photo.h"

/*
 * Pictures inside a JSON body, as the system that this one replaces had them: `photo_base64` of a record, line or find
 * is stored as a photo of the sender's and its id added to the list that names photos.  The id is made of who sends
 * which bytes, so what is sent again means the same.
 *
 * A picture that is none stays where it is: whoever reads the object refuses it (core/base/mistaken_names.h).
 */
#define SV_PHOTO_SENT "photo_base64"

/* Takes the picture out of the object, which must be this request's own.  `list`: the member that names photos. */
sv_status_t sv_photo_take_sent(sv_store_t *store, const sv_principal_t *who, const json_t *object, const char *list,
                               sv_error_t *error);

/* The same of every object of the array `name`, if there is one. */
sv_status_t sv_photos_take_sent(sv_store_t *store, const sv_principal_t *who, const json_t *body, const char *name,
                                const char *list, sv_error_t *error);

#endif
