#include "core/sync/query.h"

#include "core/store/document.h"

void
sv_query_texts_init(sv_query_texts_t *texts, sv_arena_t *arena)
{
    texts->array = sv_doc_new(arena);
    texts->count = 0;
}

void
sv_query_texts_add(sv_query_texts_t *texts, const char *text)
{
    char digits[16];
    const char *key;
    size_t length;

    if (text == NULL) {
        return;
    }
    length = bson_uint32_to_string(texts->count++, &key, digits, sizeof(digits));
    bson_append_utf8(texts->array, key, (int) length, text, -1);
}

void
sv_query_in(bson_t *filter, const char *name, const sv_query_texts_t *texts)
{
    bson_t in;

    BSON_APPEND_DOCUMENT_BEGIN(filter, name, &in);
    BSON_APPEND_ARRAY(&in, "$in", texts->array);
    bson_append_document_end(filter, &in);
}

void
sv_query_compare(bson_t *filter, const char *name, const char *operator, int64_t value)
{
    bson_t child;

    BSON_APPEND_DOCUMENT_BEGIN(filter, name, &child);
    BSON_APPEND_INT64(&child, operator, value);
    bson_append_document_end(filter, &child);
}

void
sv_query_mark(bson_t *update, const char *name, const char *field)
{
    bson_t child;

    BSON_APPEND_DOCUMENT_BEGIN(update, name, &child);
    BSON_APPEND_BOOL(&child, field, true);
    bson_append_document_end(update, &child);
}

typedef struct {
    sv_query_row_t row;
    void *context;
    sv_arena_t *arena;
} sv_query_copies_t;

static void
sv_query_copy(const bson_t *document, void *context)
{
    const sv_query_copies_t *copies = context;

    copies->row(sv_doc_copy(document, copies->arena), copies->context);
}

sv_status_t
sv_query_each(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
              sv_query_row_t row, void *context, sv_error_t *error)
{
    sv_query_copies_t copies = { row, context, error->arena };
    bson_t *options = sv_doc_new(error->arena);

    if (projection != NULL) {
        BSON_APPEND_DOCUMENT(options, "projection", projection);
    }
    return sv_store_each(store, collection, filter, options, sv_query_copy, &copies, error);
}
