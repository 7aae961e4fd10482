#ifndef SV_BOOK_STEP_H
#define SV_BOOK_STEP_H

#include "core/migrate/migrate.h"

/* The version before had one line an item in a count's book: its index lets no second lot in.  Lines of then have no
 * `lot` and are read as they are. */
sv_status_t sv_book_step_is_due(sv_store_t *store, bool *due, sv_error_t *error);
sv_status_t sv_book_step_run(sv_migration_chunk_t *chunk, sv_error_t *error);

#endif
