#ifndef SV_STEP_TEXTS_H
#define SV_STEP_TEXTS_H

#include "core/migrate/migrate.h"

/*
 * The version before stored texts as they came; they are behind the text gate now (core/base/text_gate.h), and ids of
 * UUID form in small letters.  What is stored follows, wherever it names a record, an item, a rack, a serial number or
 * a person: the same text everywhere, so that references stay references.  Where two texts become one and only one may
 * have it, the second document stays as it is, and is logged.
 */
sv_status_t sv_step_texts_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_step_texts_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
