#include "core/store/document.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/store/element.h"

/* bson_t asks for an alignment of its own (128 in libbson's usual build). */
#define SV_BSON_ALIGNMENT _Alignof(bson_t)

static bool
sv_doc_view(const bson_iter_t *iter, bson_t *view)
{
    const uint8_t *data = NULL;
    uint32_t length = 0;

    if (BSON_ITER_HOLDS_DOCUMENT(iter)) {
        bson_iter_document(iter, &length, &data);
    } else if (BSON_ITER_HOLDS_ARRAY(iter)) {
        bson_iter_array(iter, &length, &data);
    }
    return data != NULL && bson_init_static(view, data, length);
}

static bool
sv_doc_find(const bson_t *document, const char *path, bson_iter_t *found)
{
    bson_t child;

    while (document != NULL) {
        size_t length = strcspn(path, ".");

        if (!sv_element_find(document, path, length, found)) {
            return false;
        }
        if (path[length] == '\0') {
            return true;
        }
        path += length + 1;
        document = sv_doc_view(found, &child) ? &child : NULL;
    }
    return false;
}

const char *
sv_doc_text(const bson_t *document, const char *path, sv_arena_t *arena)
{
    bson_iter_t iter;
    uint32_t length;
    const char *text;

    if (!sv_doc_find(document, path, &iter) || !BSON_ITER_HOLDS_UTF8(&iter)) {
        return NULL;
    }
    text = bson_iter_utf8(&iter, &length);
    return sv_arena_strndup(arena, text, length);
}

int64_t
sv_doc_int(const bson_t *document, const char *path)
{
    bson_iter_t iter;

    if (!sv_doc_find(document, path, &iter)) {
        return 0;
    }
    switch (bson_iter_type(&iter)) {
    case BSON_TYPE_INT32:
        return bson_iter_int32(&iter);
    case BSON_TYPE_INT64:
        return bson_iter_int64(&iter);
    case BSON_TYPE_DOUBLE: {
        double value = bson_iter_double(&iter);

        return fabs(value) < 9007199254740992.0 && value == trunc(value) ? (int64_t) value : 0;
    }
    default:
        return 0;
    }
}

bool
sv_doc_bool(const bson_t *document, const char *path)
{
    bson_iter_t iter;

    return sv_doc_find(document, path, &iter) && BSON_ITER_HOLDS_BOOL(&iter) && bson_iter_bool(&iter);
}

int64_t
sv_doc_time(const bson_t *document, const char *path)
{
    bson_iter_t iter;

    return sv_doc_find(document, path, &iter) && BSON_ITER_HOLDS_DATE_TIME(&iter) ? bson_iter_date_time(&iter) : 0;
}

sv_quantity_t
sv_doc_quantity(const bson_t *document, const char *path)
{
    bson_iter_t iter;
    sv_quantity_t quantity;

    return sv_doc_find(document, path, &iter) && sv_quantity_from_bson(&iter, &quantity) ? quantity : 0;
}

bool
sv_doc_has(const bson_t *document, const char *path)
{
    bson_iter_t iter;

    return sv_doc_find(document, path, &iter) && bson_iter_type(&iter) != BSON_TYPE_NULL;
}

const bson_t *
sv_doc_child(const bson_t *document, const char *path, sv_arena_t *arena)
{
    bson_iter_t iter;
    uintptr_t room;
    bson_t *view;

    if (!sv_doc_find(document, path, &iter) || !(BSON_ITER_HOLDS_DOCUMENT(&iter) || BSON_ITER_HOLDS_ARRAY(&iter))) {
        return NULL;
    }
    room = (uintptr_t) sv_arena_alloc(arena, sizeof(*view) + SV_BSON_ALIGNMENT);
    view = (bson_t *) ((room + SV_BSON_ALIGNMENT - 1) & ~(uintptr_t) (SV_BSON_ALIGNMENT - 1));
    return sv_doc_view(&iter, view) ? view : NULL;
}

void
sv_doc_each(const bson_t *document, const char *path, sv_doc_visit_t visit, void *context, sv_arena_t *arena)
{
    const bson_t *list = sv_doc_child(document, path, arena);
    bson_iter_t iter;

    if (list == NULL || !bson_iter_init(&iter, list)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        const uint8_t *data;
        uint32_t length;
        bson_t element;

        if (BSON_ITER_HOLDS_DOCUMENT(&iter)) {
            bson_iter_document(&iter, &length, &data);
            if (bson_init_static(&element, data, length)) {
                visit(&element, context);
            }
        }
    }
}

static void
sv_doc_release(void *document)
{
    bson_destroy(document);
}

bson_t *
sv_doc_take(bson_t *document, sv_arena_t *arena)
{
    sv_arena_on_destroy(arena, sv_doc_release, document);
    return document;
}

bson_t *
sv_doc_new(sv_arena_t *arena)
{
    return sv_doc_take(bson_new(), arena);
}

bson_t *
sv_doc_copy(const bson_t *document, sv_arena_t *arena)
{
    return sv_doc_take(bson_copy(document), arena);
}

void
sv_doc_put_text(bson_t *document, const char *name, const char *text)
{
    if (text == NULL) {
        BSON_APPEND_NULL(document, name);
    } else {
        BSON_APPEND_UTF8(document, name, text);
    }
}

void
sv_doc_put_texts(bson_t *document, const char *name, const char *const *texts, size_t count)
{
    bson_t array;
    const char *key;
    char digits[16];

    BSON_APPEND_ARRAY_BEGIN(document, name, &array);
    for (size_t i = 0; i < count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&array, key, texts[i]);
    }
    bson_append_array_end(document, &array);
}

void
sv_doc_put_time(bson_t *document, const char *name, int64_t ms)
{
    if (ms == 0) {
        BSON_APPEND_NULL(document, name);
    } else {
        BSON_APPEND_DATE_TIME(document, name, ms);
    }
}

void
sv_doc_put_quantity(bson_t *document, const char *name, sv_quantity_t quantity)
{
    bson_decimal128_t decimal;

    sv_quantity_to_decimal128(quantity, &decimal);
    BSON_APPEND_DECIMAL128(document, name, &decimal);
}

static void
sv_doc_write_members(sv_json_writer_t *w, const bson_iter_t *parent, bool named)
{
    bson_iter_t iter;

    if (bson_iter_recurse(parent, &iter)) {
        while (bson_iter_next(&iter)) {
            if (!named) {
                sv_doc_write_value(w, NULL, &iter);
            } else if (strcmp(bson_iter_key(&iter), "_id") != 0) {
                sv_doc_write_value(w, bson_iter_key(&iter), &iter);
            }
        }
    }
    sv_json_end(w);
}

static void
sv_doc_write_decimal(sv_json_writer_t *w, const char *name, const bson_iter_t *iter)
{
    sv_quantity_t quantity;

    if (sv_quantity_from_bson(iter, &quantity)) {
        sv_json_quantity(w, name, quantity);
    } else {
        sv_json_null(w, name);
    }
}

void
sv_doc_write_value(sv_json_writer_t *w, const char *name, const bson_iter_t *iter)
{
    switch (bson_iter_type(iter)) {
    case BSON_TYPE_UTF8: {
        uint32_t length;
        const char *text = bson_iter_utf8(iter, &length);

        sv_json_text_n(w, name, text, length);
        break;
    }
    case BSON_TYPE_INT32:
        sv_json_int(w, name, bson_iter_int32(iter));
        break;
    case BSON_TYPE_INT64:
        sv_json_int(w, name, bson_iter_int64(iter));
        break;
    case BSON_TYPE_DOUBLE:
        sv_json_double(w, name, bson_iter_double(iter));
        break;
    case BSON_TYPE_DECIMAL128:
        sv_doc_write_decimal(w, name, iter);
        break;
    case BSON_TYPE_BOOL:
        sv_json_bool(w, name, bson_iter_bool(iter));
        break;
    case BSON_TYPE_DATE_TIME:
        sv_json_time(w, name, bson_iter_date_time(iter));
        break;
    case BSON_TYPE_OID: {
        char text[25];

        bson_oid_to_string(bson_iter_oid(iter), text);
        sv_json_text(w, name, text);
        break;
    }
    case BSON_TYPE_DOCUMENT:
        sv_json_object(w, name);
        sv_doc_write_members(w, iter, true);
        break;
    case BSON_TYPE_ARRAY:
        sv_json_array(w, name);
        sv_doc_write_members(w, iter, false);
        break;
    default:
        sv_json_null(w, name);
        break;
    }
}

void
sv_doc_write_json(sv_json_writer_t *w, const char *name, const bson_t *document)
{
    bson_iter_t iter;

    if (document == NULL) {
        sv_json_null(w, name);
        return;
    }
    sv_json_object(w, name);
    if (bson_iter_init(&iter, document)) {
        while (bson_iter_next(&iter)) {
            if (strcmp(bson_iter_key(&iter), "_id") != 0) {
                sv_doc_write_value(w, bson_iter_key(&iter), &iter);
            }
        }
    }
    sv_json_end(w);
}
