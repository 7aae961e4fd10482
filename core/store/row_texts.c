#include "core/store/row_texts.h"

#include "core/store/document.h"

void
sv_row_texts_take(const bson_t *row, void *context)
{
    sv_row_texts_t *texts = context;
    const char *text = sv_doc_text(row, texts->field, texts->arena);

    if (text != NULL) {
        texts->texts =
            sv_arena_grow(texts->arena, texts->texts, texts->count, &texts->capacity, sizeof(texts->texts[0]));
        texts->texts[texts->count++] = text;
    }
}
