#include "core/store/left_sessions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SV_LEFT_MAX = 256 };

struct sv_left_sessions_s {
    pthread_mutex_t mutex;
    sv_session_note_t ids[SV_LEFT_MAX];
    size_t count;
    sv_session_note_t *notes; /* NULL: nobody would read them */
    size_t note_count;
};

static const sv_session_note_t sv_no_session;

sv_left_sessions_t *
sv_left_sessions_create(void)
{
    sv_left_sessions_t *left = calloc(1, sizeof(*left));

    if (left != NULL) {
        pthread_mutex_init(&left->mutex, NULL);
    }
    return left;
}

void
sv_left_sessions_destroy(sv_left_sessions_t *left)
{
    if (left != NULL) {
        pthread_mutex_destroy(&left->mutex);
        free(left);
    }
}

/* With the mutex.  One more than fits is left to the server's time limit. */
static void
sv_left_put(sv_left_sessions_t *left, const uint8_t *id)
{
    size_t count = left->count;

    if (count < SV_LEFT_MAX) {
        memcpy(left->ids[count], id, SV_SESSION_ID_BYTES);
        __atomic_store_n(&left->count, count + 1, __ATOMIC_RELEASE);
    }
}

void
sv_left_sessions_keep_notes(sv_left_sessions_t *left, sv_session_note_t *notes, size_t count)
{
    pthread_mutex_lock(&left->mutex);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(notes[i], sv_no_session, SV_SESSION_ID_BYTES) != 0) {
            sv_left_put(left, notes[i]);
            memset(notes[i], 0, SV_SESSION_ID_BYTES);
        }
    }
    left->notes = notes;
    left->note_count = count;
    pthread_mutex_unlock(&left->mutex);
}

/* The bytes in {id: UUID}. */
static const uint8_t *
sv_session_id_bytes(const bson_t *session_id)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t length = 0;
    const uint8_t *bytes = NULL;

    if (bson_iter_init_find(&iter, session_id, "id") && BSON_ITER_HOLDS_BINARY(&iter)) {
        bson_iter_binary(&iter, &subtype, &length, &bytes);
    }
    return length == SV_SESSION_ID_BYTES ? bytes : NULL;
}

void
sv_left_sessions_note(sv_left_sessions_t *left, size_t number, const bson_t *session_id)
{
    const uint8_t *bytes = session_id != NULL ? sv_session_id_bytes(session_id) : NULL;

    if (number < left->note_count) {
        memcpy(left->notes[number], bytes != NULL ? bytes : sv_no_session, SV_SESSION_ID_BYTES);
    }
}

void
sv_left_sessions_add(sv_left_sessions_t *left, const bson_t *session_id)
{
    const uint8_t *bytes = sv_session_id_bytes(session_id);

    if (bytes != NULL) {
        pthread_mutex_lock(&left->mutex);
        sv_left_put(left, bytes);
        pthread_mutex_unlock(&left->mutex);
    }
}

bool
sv_left_sessions_take(sv_left_sessions_t *left, sv_session_note_t id)
{
    bool any;

    if (__atomic_load_n(&left->count, __ATOMIC_ACQUIRE) == 0) {
        return false;
    }
    pthread_mutex_lock(&left->mutex);
    any = left->count > 0;
    if (any) {
        memcpy(id, left->ids[left->count - 1], SV_SESSION_ID_BYTES);
        __atomic_store_n(&left->count, left->count - 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&left->mutex);
    return any;
}

void
sv_left_sessions_put_back(sv_left_sessions_t *left, const sv_session_note_t id)
{
    pthread_mutex_lock(&left->mutex);
    sv_left_put(left, id);
    pthread_mutex_unlock(&left->mutex);
}
