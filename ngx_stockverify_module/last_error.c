#include "ngx_stockverify_module/last_error.h"

enum { SV_LAST_ERROR_TRIES = 100, SV_LAST_ERROR_STUCK_S = 5 };

/* Takes the slot for writing, and says by what `sequence` it has it; 0: somebody else writes. */
static ngx_atomic_uint_t
sv_last_error_take(sv_last_error_t *error)
{
    ngx_atomic_uint_t sequence = error->sequence, writing = (sequence | 1) + (sequence & 1) * 2;

    if ((sequence & 1) != 0 && ngx_time() < (time_t) error->at + SV_LAST_ERROR_STUCK_S) {
        return 0;
    }
    return ngx_atomic_cmp_set(&error->sequence, sequence, writing) ? writing : 0;
}

void
sv_last_error_note(sv_last_error_t *error, const char *text)
{
    ngx_atomic_uint_t words[SV_LAST_ERROR_WORDS] = { 0 }, sequence = sv_last_error_take(error);

    if (sequence == 0) {
        return;
    }
    ngx_memcpy(words, text, ngx_min(strlen(text), sizeof(words)));
    error->at = (ngx_atomic_uint_t) ngx_time();
    for (ngx_uint_t i = 0; i < SV_LAST_ERROR_WORDS; i++) {
        error->text[i] = words[i];
    }
    ngx_memory_barrier();
    ngx_atomic_cmp_set(&error->sequence, sequence, sequence + 1);
}

void
sv_last_error_read(const sv_last_error_t *error, sv_last_error_seen_t *seen)
{
    ngx_atomic_uint_t words[SV_LAST_ERROR_WORDS], sequence;

    ngx_memzero(seen, sizeof(*seen));
    for (ngx_uint_t tries = 0; tries < SV_LAST_ERROR_TRIES; tries++) {
        sequence = error->sequence;
        ngx_memory_barrier();
        seen->at = (time_t) error->at;
        for (ngx_uint_t i = 0; i < SV_LAST_ERROR_WORDS; i++) {
            words[i] = error->text[i];
        }
        ngx_memory_barrier();
        if ((sequence & 1) == 0 && error->sequence == sequence) {
            ngx_memcpy(seen->text, words, sizeof(words));
            return;
        }
    }
}
