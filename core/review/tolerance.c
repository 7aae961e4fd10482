#include "core/review/tolerance.h"

#include "core/store/document.h"

static bool
sv_limit_read(const bson_t *count, const char *path, sv_quantity_t *limit)
{
    *limit = sv_doc_quantity(count, path);
    return sv_doc_has(count, path);
}

static bool
sv_tolerance_is_set(const sv_tolerance_t *tolerance)
{
    return tolerance->has_percent || tolerance->has_quantity || tolerance->has_value;
}

bool
sv_tolerance_read(const bson_t *count, sv_tolerance_t *tolerance)
{
    *tolerance = (sv_tolerance_t){ 0 };
    tolerance->has_percent = sv_limit_read(count, "tolerance.percent", &tolerance->percent);
    tolerance->has_quantity = sv_limit_read(count, "tolerance.quantity", &tolerance->quantity);
    tolerance->has_value = sv_limit_read(count, "tolerance.value", &tolerance->value);
    tolerance->different_user = sv_doc_bool(count, "tolerance.different_user");
    return sv_tolerance_is_set(tolerance);
}

static void
sv_limit_put(bson_t *document, const char *name, bool set, sv_quantity_t limit)
{
    if (set) {
        sv_doc_put_quantity(document, name, limit);
    } else {
        BSON_APPEND_NULL(document, name);
    }
}

void
sv_tolerance_put(bson_t *document, const sv_tolerance_t *tolerance)
{
    bson_t child;

    if (!sv_tolerance_is_set(tolerance)) {
        BSON_APPEND_NULL(document, "tolerance");
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(document, "tolerance", &child);
    sv_limit_put(&child, "percent", tolerance->has_percent, tolerance->percent);
    sv_limit_put(&child, "quantity", tolerance->has_quantity, tolerance->quantity);
    sv_limit_put(&child, "value", tolerance->has_value, tolerance->value);
    BSON_APPEND_BOOL(&child, "different_user", tolerance->different_user);
    bson_append_document_end(document, &child);
}

static void
sv_limit_write(sv_json_writer_t *w, const char *name, bool set, sv_quantity_t limit)
{
    if (set) {
        sv_json_quantity(w, name, limit);
    } else {
        sv_json_null(w, name);
    }
}

void
sv_tolerance_write_json(sv_json_writer_t *w, const bson_t *count)
{
    sv_tolerance_t tolerance;

    if (!sv_tolerance_read(count, &tolerance)) {
        sv_json_null(w, "tolerance");
        return;
    }
    sv_json_object(w, "tolerance");
    sv_limit_write(w, "percent", tolerance.has_percent, tolerance.percent);
    sv_limit_write(w, "quantity", tolerance.has_quantity, tolerance.quantity);
    sv_limit_write(w, "value", tolerance.has_value, tolerance.value);
    sv_json_bool(w, "different_user", tolerance.different_user);
    sv_json_end(w);
}
