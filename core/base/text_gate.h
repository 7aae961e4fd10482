#ifndef SV_BASE_TEXT_GATE_H
#define SV_BASE_TEXT_GATE_H

#include <stddef.h>

#include "core/base/arena.h"

/*
 * The one gate through which texts enter: two texts that look the same are the same behind it.
 * It composes (Unicode NFC), removes marks nobody sees from what identifies, makes blanks of blanks of every width,
 * and trims the ends of blanks and of what a scanner adds (CR, LF, TAB).  A text that passed passes again unchanged.
 *
 * docs/data-model.md tells users what each kind means.
 */
typedef enum {
    SV_TEXT_CODE,   /* item codes, barcodes, serial numbers, lots, rack ids, ids of records: GS (U+001D) stays */
    SV_TEXT_NAME,   /* user names, warehouses, floors and whatever else is compared but not scanned */
    SV_TEXT_SEARCH, /* what somebody looks for: as a name, controls and runs of blanks are one blank */
    SV_TEXT_LINE,   /* a line that people read: marks that writing needs stay (joiners, directions) */
    SV_TEXT_NOTE    /* several lines of it: LF and TAB stay, other ends of lines become LF */
} sv_text_kind_t;

typedef enum {
    SV_TEXT_OK = 0,
    SV_TEXT_NOT_UTF8, /* or a NUL in it */
    SV_TEXT_CONTROL,  /* a control character that its kind does not have */
    SV_TEXT_TOO_LONG
} sv_text_fault_t;

/* `*clean` is `text` itself where nothing had to change (it must then be NUL-terminated at `length`), else a copy in
 * the arena; at most `max_characters` characters, and "" when nothing is left: whether that will do is the caller's to
 * say.  Takes time and memory in proportion to the length, whatever the text. */
sv_text_fault_t sv_text_gate(sv_text_kind_t kind, const char *text, size_t length, size_t max_characters,
                             sv_arena_t *arena, const char **clean);

/* The text behind the gate; NULL when it does not pass, or nothing is left of it. */
const char *sv_text_pass(sv_text_kind_t kind, const char *text, size_t max_characters, sv_arena_t *arena);

/* The text with its ASCII letters small; `text` itself when they are. */
const char *sv_text_fold(const char *text, sv_arena_t *arena);
/* An id that devices make: one of UUID form is the same in capitals. */
const char *sv_text_fold_uuid(const char *text, sv_arena_t *arena);

/* A stable word for a fault ("invalid_text", "invalid_character", "too_long"), and what must be said of the text
 * ("must be valid UTF-8"). */
const char *sv_text_fault_code(sv_text_fault_t fault);
const char *
sv_text_fault_sentence(sv_text_fault_t fault, sv_text_kind_t kind, size_t max_characters, sv_arena_t *arena);

#endif
