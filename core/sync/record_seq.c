#include "core/sync/record_seq.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"

static int
sv_compare_slots(const void *a, const void *b)
{
    return strcmp((*(sv_slot_t *const *) a)->now.session_id, (*(sv_slot_t *const *) b)->now.session_id);
}

/* The session's `writes`: as its fence write left it, else raised here. */
static sv_status_t
sv_seq_of_session(sv_batch_run_t *run, const char *session_id, int64_t *seq, sv_error_t *error)
{
    const sv_fenced_t *fenced = sv_text_map_get(&run->session_of, session_id);
    bson_t *filter, *update;
    const bson_t *session = NULL;
    sv_status_t status;

    if (fenced != NULL && (fenced->outcome == SV_FENCE_HOLDS || fenced->bypassed)) {
        *seq = fenced->facts.writes;
        return SV_OK;
    }
    filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session_id)), run->arena);
    update = sv_doc_take(BCON_NEW("$inc", "{", "writes", BCON_INT64(1), "}"), run->arena);
    status = sv_store_find_and_update(run->store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                      run->arena, &session, error);
    *seq = session != NULL ? sv_doc_int(session, "writes") : 0;
    return status;
}

sv_status_t
sv_seq_write_marked(sv_batch_run_t *run, const char *session_id, const char *client_record_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("client_record_id", BCON_UTF8(client_record_id)), run->arena), *update;
    int64_t seq;
    sv_status_t status = sv_seq_of_session(run, session_id, &seq, error);

    if (status != SV_OK) {
        return status;
    }
    update = sv_doc_take(BCON_NEW("$set", "{", "seq", BCON_INT64(seq), "}"), run->arena);
    return sv_store_update_one(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, update, NULL, error);
}

/* Gives the records of one session, slots[0...count), their seq. */
static sv_status_t
sv_seq_write_session(sv_batch_run_t *run, sv_slot_t *const *slots, size_t count, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(run->arena), *update;
    sv_query_texts_t ids;
    int64_t seq;
    sv_status_t status = sv_seq_of_session(run, slots[0]->now.session_id, &seq, error);

    if (status != SV_OK) {
        return status;
    }
    sv_query_texts_init(&ids, run->arena);
    for (size_t i = 0; i < count; i++) {
        sv_query_texts_add(&ids, slots[i]->client_record_id);
    }
    sv_query_in(filter, "client_record_id", &ids);
    update = sv_doc_take(BCON_NEW("$set", "{", "seq", BCON_INT64(seq), "}"), run->arena);
    return sv_store_update_many(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, update, NULL, error);
}

sv_status_t
sv_seq_write(sv_batch_run_t *run, sv_error_t *error)
{
    sv_slot_t **due = sv_arena_alloc(run->arena, (run->slot_count + 1) * sizeof(*due));
    size_t count = 0, next;

    for (size_t i = 0; i < run->slot_count; i++) {
        if (sv_slot_is_marked(run->slots[i])) {
            due[count++] = run->slots[i];
        }
    }
    if (count > 1) {
        qsort(due, count, sizeof(*due), sv_compare_slots);
    }
    for (size_t i = 0; i < count && error->status == SV_OK; i = next) {
        for (next = i + 1; next < count && sv_compare_slots(&due[i], &due[next]) == 0; next++) {
        }
        sv_seq_write_session(run, &due[i], next - i, error);
    }
    return error->status;
}
