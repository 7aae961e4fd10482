#include "core/counts/book_step.h"

#include "core/store/index_retire.h"

static const char sv_book_index_of_before[] = "session_item";

sv_status_t
sv_book_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    return sv_index_is_there(store, SV_COLLECTION_SESSION_BOOK, sv_book_index_of_before, due, error);
}

sv_status_t
sv_book_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    bool there;

    if (sv_book_step_is_due(chunk->store, &there, error) != SV_OK || !there) {
        return error->status;
    }
    chunk->seen = chunk->changed = 1;
    return chunk->dry_run ? SV_OK
                          : sv_index_retire(chunk->store, SV_COLLECTION_SESSION_BOOK, sv_book_index_of_before, error);
}
