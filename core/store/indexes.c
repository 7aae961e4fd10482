#include "core/store/indexes.h"

#include <string.h>

const sv_index_row_t sv_index_rows[] = {
#define SV_INDEX(collection, name, keys, unique, partial, expire_after_s, text)                                        \
    { SV_COLLECTION_##collection, name, keys, unique, partial, expire_after_s, text },
#include "core/store/indexes.def"
#undef SV_INDEX
};

const size_t sv_index_row_count = sizeof(sv_index_rows) / sizeof(sv_index_rows[0]);

/* Error codes of the server, by name in its error_codes.yml. */
enum {
    SV_MONGO_NAMESPACE_NOT_FOUND = 26,
    SV_MONGO_NAMESPACE_EXISTS = 48,
    SV_MONGO_OPTIONS_CONFLICT = 85,
    SV_MONGO_KEYS_CONFLICT = 86
};

typedef struct {
    sv_store_t *store;
    sv_index_report_t report;
    void *context;
    sv_index_summary_t *summary;
    bool change; /* false: only look */
} sv_index_walk_t;

const char *
sv_index_outcome_name(sv_index_outcome_t outcome)
{
    static const char *const names[SV_INDEX_OUTCOME_COUNT] = {
        [SV_INDEX_KEPT] = "kept",           [SV_INDEX_CREATED] = "created",         [SV_INDEX_MISSING] = "missing",
        [SV_INDEX_DIFFERENT] = "different", [SV_INDEX_UNSUPPORTED] = "unsupported", [SV_INDEX_FAILED] = "failed",
    };

    return (unsigned) outcome < SV_INDEX_OUTCOME_COUNT ? names[outcome] : "unknown";
}

static void
sv_index_tell(const sv_index_walk_t *walk, const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail)
{
    walk->summary->counts[outcome]++;
    if (walk->report != NULL) {
        walk->report(row, outcome, detail, walk->context);
    }
}

static bool
sv_index_is_text(const sv_index_row_t *row)
{
    return strstr(row->keys, ":text") != NULL;
}

static void
sv_index_put_keys(const sv_index_row_t *row, bson_t *keys)
{
    const char *field = row->keys;

    while (*field != '\0') {
        size_t length = strcspn(field, ",");
        const char *next = field + length;
        int direction = 1;
        const char *kind = memchr(field, ':', length);

        if (*field == '-') {
            direction = -1;
            field++;
            length--;
        }
        if (kind != NULL) {
            bson_append_utf8(keys, field, (int) (kind - field), kind + 1, (int) (next - kind - 1));
        } else {
            bson_append_int32(keys, field, (int) length, direction);
        }
        field = *next == ',' ? next + 1 : next;
    }
}

/* The document that createIndexes takes. */
static void
sv_index_put_definition(const sv_index_row_t *row, bson_t *definition)
{
    bson_t child;

    BSON_APPEND_DOCUMENT_BEGIN(definition, "key", &child);
    sv_index_put_keys(row, &child);
    bson_append_document_end(definition, &child);
    BSON_APPEND_UTF8(definition, "name", row->name);
    if (row->unique) {
        BSON_APPEND_BOOL(definition, "unique", true);
    }
    if (row->partial != NULL) {
        bson_t *partial = bson_new_from_json((const uint8_t *) row->partial, -1, NULL);

        BSON_APPEND_DOCUMENT(definition, "partialFilterExpression", partial);
        bson_destroy(partial);
    }
    if (row->expire_after_s >= 0) {
        BSON_APPEND_INT32(definition, "expireAfterSeconds", row->expire_after_s);
    }
}

/* The sub-document the iterator is at, as a view. */
static void
sv_index_view(const bson_iter_t *iter, bson_t *view)
{
    const uint8_t *bytes;
    uint32_t length;

    bson_iter_document(iter, &length, &bytes);
    bson_init_static(view, bytes, length);
}

static bool sv_index_same_document(const bson_t *a, const bson_t *b);

/* Whether two values say the same: servers give numbers back in a type of their own. */
static bool
sv_index_same_value(const bson_iter_t *i, const bson_iter_t *j)
{
    bson_t a, b;

    if (BSON_ITER_HOLDS_NUMBER(i) && BSON_ITER_HOLDS_NUMBER(j)) {
        return bson_iter_as_int64(i) == bson_iter_as_int64(j);
    }
    if (bson_iter_type(i) != bson_iter_type(j)) {
        return false;
    }
    switch (bson_iter_type(i)) {
    case BSON_TYPE_UTF8:
        return strcmp(bson_iter_utf8(i, NULL), bson_iter_utf8(j, NULL)) == 0;
    case BSON_TYPE_BOOL:
        return bson_iter_bool(i) == bson_iter_bool(j);
    case BSON_TYPE_DOCUMENT:
        sv_index_view(i, &a);
        sv_index_view(j, &b);
        return sv_index_same_document(&a, &b);
    default:
        return false;
    }
}

static bool
sv_index_same_document(const bson_t *a, const bson_t *b)
{
    bson_iter_t i, j;

    if (!bson_iter_init(&i, a) || !bson_iter_init(&j, b)) {
        return false;
    }
    while (bson_iter_next(&i)) {
        if (!bson_iter_next(&j) || strcmp(bson_iter_key(&i), bson_iter_key(&j)) != 0 || !sv_index_same_value(&i, &j)) {
            return false;
        }
    }
    return !bson_iter_next(&j);
}

/* A member of two definitions; "unique: false" says what leaving it out says. */
static bool
sv_index_same_member(const bson_t *a, const bson_t *b, const char *name)
{
    bson_iter_t i, j;
    bool in_a = bson_iter_init_find(&i, a, name) && !(BSON_ITER_HOLDS_BOOL(&i) && !bson_iter_bool(&i));
    bool in_b = bson_iter_init_find(&j, b, name) && !(BSON_ITER_HOLDS_BOOL(&j) && !bson_iter_bool(&j));

    return in_a == in_b && (!in_a || sv_index_same_value(&i, &j));
}

/* How the index a server has stands to the one the catalogue wants. */
typedef enum { SV_INDEX_OTHER, SV_INDEX_SAME, SV_INDEX_CLASHES } sv_index_match_t;

static sv_index_match_t
sv_index_compare(const sv_index_row_t *row, const bson_t *wanted, const bson_t *found)
{
    bson_iter_t name;
    bool named = bson_iter_init_find(&name, found, "name") && BSON_ITER_HOLDS_UTF8(&name) &&
                 strcmp(bson_iter_utf8(&name, NULL), row->name) == 0;
    bool same_keys = sv_index_same_member(wanted, found, "key");

    if (sv_index_is_text(row)) {
        /* a server tells a text index by weights, not by the keys it was made with */
        return !named                                          ? SV_INDEX_OTHER
               : bson_has_field(found, "weights") || same_keys ? SV_INDEX_SAME
                                                               : SV_INDEX_CLASHES;
    }
    if (same_keys && sv_index_same_member(wanted, found, "unique") &&
        sv_index_same_member(wanted, found, "partialFilterExpression") &&
        sv_index_same_member(wanted, found, "expireAfterSeconds") && !bson_has_field(found, "sparse")) {
        return SV_INDEX_SAME;
    }
    /* Two indexes on the same keys may differ by their partial filter, so only the name clashes there. */
    return named                                                                         ? SV_INDEX_CLASHES
           : same_keys && sv_index_same_member(wanted, found, "partialFilterExpression") ? SV_INDEX_CLASHES
                                                                                         : SV_INDEX_OTHER;
}

static sv_index_match_t
sv_index_find(const sv_index_row_t *row, const bson_t *wanted, bson_t *const *found, size_t count)
{
    sv_index_match_t match = SV_INDEX_OTHER;

    for (size_t i = 0; i < count; i++) {
        sv_index_match_t one = sv_index_compare(row, wanted, found[i]);

        if (one == SV_INDEX_SAME) {
            return SV_INDEX_SAME;
        }
        if (one == SV_INDEX_CLASHES) {
            match = SV_INDEX_CLASHES;
        }
    }
    return match;
}

enum { SV_INDEX_MAX_FOUND = 64 }; /* MongoDB's own limit of indexes a collection */

/* Copies of the collection's index definitions, the caller's to destroy; none when there is no collection. */
static sv_status_t
sv_index_list(sv_store_t *store, sv_collection_t collection, bson_t **found, size_t *count, sv_error_t *error)
{
    mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(store->collections[collection], NULL);
    const bson_t *document;
    bson_error_t driver_error;
    sv_status_t status = SV_OK;

    *count = 0;
    while (*count < SV_INDEX_MAX_FOUND && mongoc_cursor_next(cursor, &document)) {
        found[(*count)++] = bson_copy(document);
    }
    if (mongoc_cursor_error(cursor, &driver_error) && driver_error.code != SV_MONGO_NAMESPACE_NOT_FOUND) {
        status = sv_store_fail(&driver_error, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Creates the indexes of `rows`; false with the server's error. */
static bool
sv_index_create(sv_store_t *store, const sv_index_row_t *const *rows, size_t count, bson_error_t *driver_error)
{
    bson_t command = BSON_INITIALIZER, list, definition;
    char key[16];
    const char *key_text;
    bool created;

    BSON_APPEND_UTF8(&command, "createIndexes", sv_collection_name(rows[0]->collection));
    BSON_APPEND_ARRAY_BEGIN(&command, "indexes", &list);
    for (size_t i = 0; i < count; i++) {
        size_t length = bson_uint32_to_string((uint32_t) i, &key_text, key, sizeof(key));

        bson_append_document_begin(&list, key_text, (int) length, &definition);
        sv_index_put_definition(rows[i], &definition);
        bson_append_document_end(&list, &definition);
    }
    bson_append_array_end(&command, &list);
    created = mongoc_database_write_command_with_opts(store->database, &command, NULL, NULL, driver_error);
    bson_destroy(&command);
    return created;
}

static sv_index_outcome_t
sv_index_refusal(const sv_index_row_t *row, const bson_error_t *driver_error)
{
    if (driver_error->code == SV_MONGO_OPTIONS_CONFLICT || driver_error->code == SV_MONGO_KEYS_CONFLICT) {
        return SV_INDEX_DIFFERENT;
    }
    return sv_index_is_text(row) ? SV_INDEX_UNSUPPORTED : SV_INDEX_FAILED;
}

/* All at once in the good case; one by one when the server refuses any, to say which. */
static sv_status_t
sv_index_create_missing(const sv_index_walk_t *walk, const sv_index_row_t *const *rows, size_t count, sv_error_t *error)
{
    bson_error_t driver_error;
    bool all = sv_index_create(walk->store, rows, count, &driver_error);

    for (size_t i = 0; i < count; i++) {
        if (all || sv_index_create(walk->store, &rows[i], 1, &driver_error)) {
            sv_index_tell(walk, rows[i], SV_INDEX_CREATED, NULL);
        } else if (driver_error.domain != MONGOC_ERROR_SERVER) {
            return sv_store_fail(&driver_error, error);
        } else {
            sv_index_tell(walk, rows[i], sv_index_refusal(rows[i], &driver_error), driver_error.message);
        }
    }
    return SV_OK;
}

static sv_status_t
sv_index_walk_collection(const sv_index_walk_t *walk, sv_collection_t collection, sv_error_t *error)
{
    const sv_index_row_t *missing[SV_INDEX_MAX_FOUND];
    bson_t *found[SV_INDEX_MAX_FOUND];
    size_t found_count, missing_count = 0;
    sv_status_t status = sv_index_list(walk->store, collection, found, &found_count, error);

    for (size_t i = 0; status == SV_OK && i < sv_index_row_count; i++) {
        const sv_index_row_t *row = &sv_index_rows[i];
        bson_t wanted = BSON_INITIALIZER;

        if (row->collection != collection) {
            bson_destroy(&wanted);
            continue;
        }
        sv_index_put_definition(row, &wanted);
        switch (sv_index_find(row, &wanted, found, found_count)) {
        case SV_INDEX_SAME:
            sv_index_tell(walk, row, SV_INDEX_KEPT, NULL);
            break;
        case SV_INDEX_CLASHES:
            sv_index_tell(walk, row, SV_INDEX_DIFFERENT,
                          "an index of this name or on these keys has another definition");
            break;
        case SV_INDEX_OTHER:
            if (walk->change && missing_count < SV_INDEX_MAX_FOUND) {
                missing[missing_count++] = row;
            } else {
                sv_index_tell(walk, row, SV_INDEX_MISSING, NULL);
            }
        }
        bson_destroy(&wanted);
    }
    if (status == SV_OK && missing_count > 0) {
        status = sv_index_create_missing(walk, missing, missing_count, error);
    }
    for (size_t i = 0; i < found_count; i++) {
        bson_destroy(found[i]);
    }
    return status;
}

static sv_status_t
sv_index_walk(const sv_index_walk_t *walk, sv_error_t *error)
{
    memset(walk->summary, 0, sizeof(*walk->summary));
    for (int collection = 0; collection < SV_COLLECTION_COUNT; collection++) {
        sv_status_t status = sv_index_walk_collection(walk, (sv_collection_t) collection, error);

        if (status != SV_OK) {
            return status;
        }
    }
    return SV_OK;
}

static bool
sv_index_has_name(char *const *names, const char *name)
{
    while (*names != NULL) {
        if (strcmp(*names++, name) == 0) {
            return true;
        }
    }
    return false;
}

static sv_status_t
sv_index_create_collections(sv_store_t *store, sv_error_t *error)
{
    bson_error_t driver_error;
    char **names = mongoc_database_get_collection_names_with_opts(store->database, NULL, &driver_error);
    sv_status_t status = SV_OK;

    if (names == NULL) {
        return sv_store_fail(&driver_error, error);
    }
    for (int i = 0; status == SV_OK && i < SV_COLLECTION_COUNT; i++) {
        const char *name = sv_collection_name((sv_collection_t) i);
        bson_t *command;

        if (sv_index_has_name(names, name)) {
            continue;
        }
        command = BCON_NEW("create", BCON_UTF8(name));
        if (!mongoc_database_write_command_with_opts(store->database, command, NULL, NULL, &driver_error) &&
            driver_error.code != SV_MONGO_NAMESPACE_EXISTS) {
            status = sv_store_fail(&driver_error, error);
        }
        bson_destroy(command);
    }
    bson_strfreev(names);
    return status;
}

sv_status_t
sv_indexes_ensure(sv_store_t *store, sv_index_report_t report, void *context, sv_index_summary_t *summary,
                  sv_error_t *error)
{
    const sv_index_walk_t walk = { store, report, context, summary, true };
    sv_status_t status = sv_index_create_collections(store, error);

    return status == SV_OK ? sv_index_walk(&walk, error) : status;
}

sv_status_t
sv_indexes_show(sv_store_t *store, sv_index_report_t report, void *context, sv_index_summary_t *summary,
                sv_error_t *error)
{
    const sv_index_walk_t walk = { store, report, context, summary, false };

    return sv_index_walk(&walk, error);
}
