#ifndef SV_SERIAL_LIFE_H
#define SV_SERIAL_LIFE_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/store.h"

enum { SV_SERIAL_NUMBER_MAX = 128 };

/*
 * The whole life of a serial number, whatever the case of its letters: under each item that has it where it is, the
 * places it was in, in order, and the conflicts about it.  Staff are told their own conflicts, and of a blind count
 * that is not over nothing of another's place but that there is one.  SV_ERR_NOT_FOUND when nobody has counted it.
 */
sv_status_t sv_serial_life_write(sv_store_t *store, const sv_principal_t *who, const char *serial_number,
                                 sv_json_writer_t *w, sv_error_t *error);

#endif
