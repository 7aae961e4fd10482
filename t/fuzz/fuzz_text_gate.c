/* Any bytes through the gate: bounded, valid, nothing left that the gate removes, and the same when they pass again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/text_gate.h"

enum { MAX_CHARACTERS = 40 };

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static bool
is_end_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
pass(sv_text_kind_t kind, const char *text, size_t size, sv_arena_t *arena)
{
    static const char *const allowed[] = {
        [SV_TEXT_CODE] = "\x1d", [SV_TEXT_NAME] = "",     [SV_TEXT_SEARCH] = "",
        [SV_TEXT_LINE] = "",     [SV_TEXT_NOTE] = "\t\n",
    };
    const char *clean = NULL, *again = NULL;
    sv_text_fault_t fault = sv_text_gate(kind, text, size, MAX_CHARACTERS, arena, &clean);
    size_t length;

    if (fault != SV_TEXT_OK) {
        require(sv_text_fault_code(fault)[0] != '\0');
        require(strncmp(sv_text_fault_sentence(fault, kind, MAX_CHARACTERS, arena), "must", 4) == 0);
        return;
    }
    length = strlen(clean);
    require(sv_utf8_valid(clean, length) && sv_utf8_length(clean) <= MAX_CHARACTERS);
    require(!sv_utf8_has_control(clean, allowed[kind]));
    require(length == 0 || (!is_end_blank(clean[0]) && !is_end_blank(clean[length - 1])));
    require(strstr(clean, "\xef\xbb\xbf") == NULL);
    require(sv_text_gate(kind, clean, length, MAX_CHARACTERS, arena, &again) == SV_TEXT_OK);
    require(strcmp(clean, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    char *text = sv_arena_strndup(arena, (const char *) data, size); /* NUL-terminated as the gate asks */

    for (sv_text_kind_t kind = SV_TEXT_CODE; kind <= SV_TEXT_NOTE; kind++) {
        pass(kind, text, size, arena);
    }
    sv_arena_destroy(arena);
    return 0;
}
