#include "core/import/bulk.h"

#include <glib.h>

#include "core/base/buffer.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_DUPLICATE_KEY = 11000 };

sv_status_t
sv_import_bulk_init(sv_import_bulk_t *bulk, sv_store_t *store, sv_collection_t collection, sv_import_table_t *table,
                    sv_error_t *error)
{
    *bulk = (sv_import_bulk_t){ .store = store, .collection = collection, .table = table };
    bulk->arena = sv_arena_create();
    return sv_store_now(store, &bulk->now_ms, error);
}

void
sv_import_bulk_close(sv_import_bulk_t *bulk)
{
    sv_arena_destroy(bulk->arena);
}

/* The values of the selector's fields, as they stand in the selector or in a document found. */
static const char *
sv_import_key(const bson_t *selector, const bson_t *document, sv_arena_t *arena)
{
    sv_buffer_t key;
    bson_iter_t iter;

    sv_buffer_init(&key, arena, 64);
    if (bson_iter_init(&iter, selector)) {
        while (bson_iter_next(&iter)) {
            const char *value = sv_doc_text(document, bson_iter_key(&iter), arena);

            if (key.length > 0) {
                sv_buffer_putc(&key, '\t'); /* no identifier has a control character */
            }
            sv_buffer_puts(&key, value == NULL ? "" : value);
        }
    }
    return key.data;
}

/* Whether a row before says otherwise: then the row is reported. */
static bool
sv_import_contradicts(sv_import_bulk_t *bulk, long line, const bson_t *selector, const bson_t *update)
{
    const char *key;
    long before;

    if (bulk->once == NULL) {
        return false;
    }
    key = sv_import_key(selector, selector, bulk->arena);
    before = sv_import_once_note(bulk->once, key, update, line);
    if (before != 0) {
        sv_import_reject_line(bulk->table, line, NULL,
                              "line %ld says otherwise of the same (%s): rows that belong together are to be added up "
                              "before",
                              before, g_strdelimit(sv_arena_strdup(bulk->arena, key), "\t", ' '));
    }
    return before != 0;
}

sv_status_t
sv_import_bulk_put(sv_import_bulk_t *bulk, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    if (sv_import_contradicts(bulk, line, selector, update)) {
        return SV_OK;
    }
    bulk->rows[bulk->count++] = (sv_import_row_t){
        .line = line,
        .key = sv_import_key(selector, selector, bulk->arena),
        .selector = sv_doc_copy(selector, bulk->arena),
        .told = sv_doc_copy(update, bulk->arena),
    };
    bulk->rows[bulk->count - 1].update = bulk->rows[bulk->count - 1].told;
    return bulk->count == SV_IMPORT_BULK_ROWS ? sv_import_bulk_flush(bulk, error) : SV_OK;
}

/* {field: {$in: [the rows' values]}} for each field of the selectors: the rows' documents, and for selectors of two
 * fields a few more. */
static bson_t *
sv_import_known_filter(const sv_import_bulk_t *bulk)
{
    const char *values[SV_IMPORT_BULK_ROWS];
    bson_t *filter = sv_doc_new(bulk->arena);
    bson_iter_t fields;

    if (!bson_iter_init(&fields, bulk->rows[0].selector)) {
        return filter;
    }
    while (bson_iter_next(&fields)) {
        const char *field = bson_iter_key(&fields);

        for (size_t i = 0; i < bulk->count; i++) {
            values[i] = sv_doc_text(bulk->rows[i].selector, field, bulk->arena);
        }
        sv_filter_in(filter, field, values, bulk->count);
    }
    return filter;
}

/* {selector fields: 1, every field a row sets: 1} */
static void
sv_import_put_projection(const sv_import_bulk_t *bulk, bson_t *options)
{
    bson_t *projection = sv_doc_new(bulk->arena);

    for (size_t i = 0; bulk->derived != NULL && bulk->derived->fields[i] != NULL; i++) {
        BSON_APPEND_INT32(projection, bulk->derived->fields[i], 1);
    }
    for (size_t i = 0; bulk->derived != NULL && bulk->derived->names[i] != NULL; i++) {
        BSON_APPEND_INT32(projection, bulk->derived->names[i], 1);
    }
    if (bulk->derived != NULL) {
        BSON_APPEND_INT32(projection, bulk->derived->corrections, 1);
        BSON_APPEND_INT32(projection, bulk->derived->beside, 1);
    }
    for (size_t i = 0; i < bulk->count; i++) {
        const bson_t *const parts[] = { bulk->rows[i].selector, sv_doc_child(bulk->rows[i].told, "$set", bulk->arena) };

        for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
            bson_iter_t fields, there;

            if (parts[k] == NULL || !bson_iter_init(&fields, parts[k])) {
                continue;
            }
            while (bson_iter_next(&fields)) {
                if (!bson_iter_init_find(&there, projection, bson_iter_key(&fields))) {
                    BSON_APPEND_INT32(projection, bson_iter_key(&fields), 1);
                }
            }
        }
    }
    BSON_APPEND_DOCUMENT(options, "projection", projection);
}

/* Whether the document's field (or one within a document of it) has the value already; one that is not there is null.
 */
static bool
sv_import_field_same(const bson_t *document, const bson_iter_t *wanted)
{
    bson_t stored = BSON_INITIALIZER, told = BSON_INITIALIZER;
    bson_iter_t fields, found;
    bool same;

    bson_append_iter(&told, "", 0, wanted);
    if (bson_iter_init(&fields, document) && bson_iter_find_descendant(&fields, bson_iter_key(wanted), &found)) {
        bson_append_iter(&stored, "", 0, &found);
    } else {
        bson_append_null(&stored, "", 0);
    }
    same = bson_equal(&stored, &told);
    bson_destroy(&stored);
    bson_destroy(&told);
    return same;
}

/* The names of the fields that the row would change; "": none. */
static const char *
sv_import_changed_fields(const sv_import_bulk_t *bulk, const sv_import_row_t *row, const bson_t *document)
{
    const bson_t *set = sv_doc_child(row->update, "$set", bulk->arena);
    sv_buffer_t names;
    bson_iter_t fields;

    sv_buffer_init(&names, bulk->arena, 64);
    sv_buffer_puts(&names, "");
    if (set == NULL || !bson_iter_init(&fields, set)) {
        return names.data;
    }
    while (bson_iter_next(&fields)) {
        if (!sv_import_field_same(document, &fields)) {
            sv_buffer_printf(&names, "%s%s", names.length > 0 ? ", " : "", bson_iter_key(&fields));
        }
    }
    return names.data;
}

static void
sv_import_settle(const sv_import_bulk_t *bulk, const sv_import_row_t *row, sv_import_outcome_t outcome)
{
    if (bulk->settled != NULL) {
        bulk->settled(bulk->settled_context, row->line, outcome);
    }
}

/* Marks the row by what is stored (NULL: what an earlier row of this bulk makes), and tells it in a dry run. */
static void
sv_import_mark(sv_import_bulk_t *bulk, sv_import_row_t *row, const bson_t *document)
{
    const sv_import_options_t *options = bulk->table->options;
    const char *changed = document == NULL ? "" : sv_import_changed_fields(bulk, row, document);

    row->known = true;
    row->same = document != NULL && changed[0] == '\0';
    sv_import_settle(bulk, row, row->same ? SV_IMPORT_SAME : SV_IMPORT_CHANGED);
    if (row->same) {
        bulk->unchanged++;
    } else if (options->plan != NULL) {
        options->plan(options->context, row->line, row->key, changed);
        bulk->changed++;
    }
}

/* A row whose document does not exist.  false: it is refused. */
static bool
sv_import_mark_new(sv_import_bulk_t *bulk, sv_import_row_t *row)
{
    const sv_import_options_t *options = bulk->table->options;

    if (bulk->missing != NULL) {
        sv_import_reject_line(bulk->table, row->line, NULL, "%s is not there yet, and for a new one the file needs %s",
                              row->key, bulk->missing);
        sv_import_settle(bulk, row, SV_IMPORT_REFUSED);
        return false;
    }
    sv_import_settle(bulk, row, SV_IMPORT_CREATED);
    if (options->plan != NULL) {
        options->plan(options->context, row->line, row->key, NULL);
        bulk->created++;
    }
    return true;
}

/* Stored documents of the rows, by key; of the bulk's arena. */
static GHashTable *
sv_import_load(sv_import_bulk_t *bulk, const bson_t *filter, sv_error_t *error)
{
    GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
    bson_t *options = sv_doc_new(bulk->arena);
    mongoc_cursor_t *cursor;
    const bson_t *document;

    sv_arena_on_destroy(bulk->arena, (void (*)(void *)) g_hash_table_unref, known);
    sv_import_put_projection(bulk, options);
    if (sv_store_find(bulk->store, bulk->collection, filter, options, &cursor, error) != SV_OK) {
        return known;
    }
    while (mongoc_cursor_next(cursor, &document)) {
        g_hash_table_insert(known, (void *) sv_import_key(bulk->rows[0].selector, document, bulk->arena),
                            (void *) sv_doc_copy(document, bulk->arena));
    }
    sv_store_cursor_end(bulk->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return known;
}

/* What the row sets, where no correction stands; what it says of corrected fields goes to `beside`. */
static const bson_t *
sv_import_split_told(const sv_import_bulk_t *bulk, const bson_t *told, const bson_t *stored, bson_t *beside)
{
    const bson_t *corrections = stored == NULL ? NULL : sv_doc_child(stored, bulk->derived->corrections, bulk->arena);
    bson_t *plain;
    bson_iter_t field;

    if (corrections == NULL || !bson_iter_init(&field, told)) {
        return told;
    }
    plain = sv_doc_new(bulk->arena);
    while (bson_iter_next(&field)) {
        if (bson_has_field(corrections, bson_iter_key(&field))) {
            bson_append_iter(beside,
                             sv_arena_printf(bulk->arena, "%s.%s", bulk->derived->beside, bson_iter_key(&field)), -1,
                             &field);
        } else {
            bson_append_iter(plain, NULL, 0, &field);
        }
    }
    return plain;
}

/* The row's update with what follows from it and from what is stored. */
static void
sv_import_derive(const sv_import_bulk_t *bulk, sv_import_row_t *row, const bson_t *stored)
{
    const bson_t *told = sv_doc_child(row->told, "$set", bulk->arena), *plain;
    bson_t *update = sv_doc_new(bulk->arena), *beside = sv_doc_new(bulk->arena);
    bson_t set;

    if (bulk->derived == NULL || told == NULL) {
        return;
    }
    row->stored = stored != NULL && sv_doc_has(stored, bulk->derived->corrections) ? stored : NULL;
    plain = sv_import_split_told(bulk, told, stored, beside);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    bson_concat(&set, plain);
    bson_concat(&set, beside);
    bulk->derived->put(stored, plain, row->selector, bulk->now_ms, &set, bulk->arena);
    bson_append_document_end(update, &set);
    bson_copy_to_excluding_noinit(row->told, update, "$set", NULL);
    row->update = update;
}

/* Marks the rows whose documents exist, or will by an earlier row of this bulk; drops those that are refused. */
static sv_status_t
sv_import_find_known(sv_import_bulk_t *bulk, sv_error_t *error)
{
    GHashTable *known = sv_import_load(bulk, sv_import_known_filter(bulk), error);
    GHashTable *written = g_hash_table_new(g_str_hash, g_str_equal); /* by an earlier row */
    size_t kept = 0;

    sv_arena_on_destroy(bulk->arena, (void (*)(void *)) g_hash_table_unref, written);
    for (size_t i = 0; i < bulk->count && error->status == SV_OK; i++) {
        sv_import_row_t row = bulk->rows[i];
        const bson_t *document = g_hash_table_lookup(known, row.key);
        bool earlier = g_hash_table_contains(written, row.key);

        sv_import_derive(bulk, &row, document);
        if (document != NULL || earlier) {
            sv_import_mark(bulk, &row, earlier ? NULL : document); /* what is stored now is no more */
        } else if (!sv_import_mark_new(bulk, &row)) {
            continue;
        }
        if (!row.same) {
            g_hash_table_add(written, (void *) row.key);
        }
        bulk->rows[kept++] = row;
    }
    bulk->count = error->status == SV_OK ? kept : bulk->count;
    return error->status;
}

/* The document an upsert of the row would make. */
static const bson_t *
sv_import_new_document(const sv_import_bulk_t *bulk, const sv_import_row_t *row)
{
    bson_t *document = sv_doc_copy(row->selector, bulk->arena);
    const char *const parts[] = { "$set", "$setOnInsert" };
    const bson_t *dates;
    bson_iter_t iter;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const bson_t *part = sv_doc_child(row->update, parts[i], bulk->arena);

        if (part != NULL) {
            bson_concat(document, part);
        }
    }
    dates = sv_doc_child(row->update, "$currentDate", bulk->arena);
    if (dates != NULL && bson_iter_init(&iter, dates)) {
        while (bson_iter_next(&iter)) {
            sv_doc_put_time(document, bson_iter_key(&iter), bulk->now_ms);
        }
    }
    return document;
}

/* A row that was refused because its document came into being meanwhile is an update; any other is reported. */
static void
sv_import_insert_refused(sv_import_bulk_t *bulk, sv_import_row_t *row, const bson_t *refusal)
{
    if (sv_doc_int(refusal, "code") == SV_DUPLICATE_KEY) {
        row->known = true;
        return;
    }
    sv_import_reject_line(bulk->table, row->line, NULL, "%s", sv_doc_text(refusal, "errmsg", bulk->arena));
}

static bool
sv_import_insert_read(sv_import_bulk_t *bulk, sv_import_row_t *const *rows, size_t count, const bson_t *reply)
{
    const bson_t *refusals = sv_doc_child(reply, "writeErrors", bulk->arena);
    bson_iter_t iter;
    bool any = false;

    if (refusals == NULL || !bson_iter_init(&iter, refusals)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        const bson_t *refusal = sv_doc_child(refusals, bson_iter_key(&iter), bulk->arena);
        int64_t index = refusal == NULL ? -1 : sv_doc_int(refusal, "index");

        if (index >= 0 && (size_t) index < count) {
            any = true;
            sv_import_insert_refused(bulk, rows[index], refusal);
        }
    }
    return any;
}

static sv_status_t
sv_import_insert(sv_import_bulk_t *bulk, sv_error_t *error)
{
    sv_import_row_t **rows = sv_arena_alloc(bulk->arena, bulk->count * sizeof(*rows));
    const bson_t **documents = sv_arena_alloc(bulk->arena, bulk->count * sizeof(*documents));
    bson_t *options = sv_store_options(bulk->store, bulk->arena);
    bson_error_t reason;
    size_t count = 0;
    bson_t reply;

    for (size_t i = 0; i < bulk->count; i++) {
        if (!bulk->rows[i].known) {
            rows[count] = &bulk->rows[i];
            documents[count++] = sv_import_new_document(bulk, &bulk->rows[i]);
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    BSON_APPEND_BOOL(options, "ordered", false);
    if (!mongoc_collection_insert_many(bulk->store->collections[bulk->collection], documents, count, options, &reply,
                                       &reason) &&
        !sv_import_insert_read(bulk, rows, count, &reply)) {
        sv_store_fail(&reason, error);
    }
    bulk->created += sv_doc_int(&reply, "insertedCount");
    bson_destroy(&reply);
    return error->status;
}

typedef struct {
    sv_import_bulk_t *bulk;
    sv_bulk_result_t result;
} sv_import_updates_t;

/* What was corrected, or taken back, since the rows were looked at: within the transaction, so that a correction made
 * at the same moment meets it and waits. */
static sv_status_t
sv_import_derive_again(sv_import_bulk_t *bulk, sv_error_t *error)
{
    GHashTable *corrected;
    bson_t *filter;

    if (bulk->derived == NULL) {
        return SV_OK;
    }
    filter = sv_import_known_filter(bulk);
    BCON_APPEND(filter, bulk->derived->corrections, "{", "$exists", BCON_BOOL(true), "}");
    corrected = sv_import_load(bulk, filter, error);
    for (size_t i = 0; error->status == SV_OK && i < bulk->count; i++) {
        sv_import_row_t *row = &bulk->rows[i];
        const bson_t *document = g_hash_table_lookup(corrected, row->key);

        if (document != NULL) {
            sv_import_derive(bulk, row, document);
        } else if (row->stored != NULL) {
            bson_t *plain = sv_doc_new(bulk->arena);

            bson_copy_to_excluding_noinit(row->stored, plain, bulk->derived->corrections, NULL);
            sv_import_derive(bulk, row, plain);
        }
    }
    return error->status;
}

static sv_status_t
sv_import_update_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_import_updates_t *updates = context;
    sv_import_bulk_t *bulk = updates->bulk;
    sv_bulk_t operation;

    if (sv_import_derive_again(bulk, error) != SV_OK) {
        return error->status;
    }
    sv_bulk_begin(&operation, store, bulk->collection, error->arena);
    for (size_t i = 0; i < bulk->count; i++) {
        const sv_import_row_t *row = &bulk->rows[i];

        if (row->known && !row->same &&
            sv_bulk_update(&operation, row->selector, row->update, bulk->missing == NULL, error) != SV_OK) {
            sv_bulk_discard(&operation);
            return error->status;
        }
    }
    return sv_bulk_run(&operation, error->arena, &updates->result, error);
}

static sv_status_t
sv_import_update(sv_import_bulk_t *bulk, sv_error_t *error)
{
    sv_import_updates_t updates = { .bulk = bulk };
    bool any = false;

    for (size_t i = 0; i < bulk->count; i++) {
        any = any || (bulk->rows[i].known && !bulk->rows[i].same);
    }
    if (any && sv_transaction_run(bulk->store, sv_import_update_body, &updates, error) == SV_OK) {
        bulk->changed += updates.result.matched;
        bulk->created += updates.result.upserted;
    }
    return error->status;
}

sv_status_t
sv_import_bulk_flush(sv_import_bulk_t *bulk, sv_error_t *error)
{
    if (bulk->count > 0 && sv_import_find_known(bulk, error) == SV_OK && bulk->table->options->plan == NULL &&
        sv_import_insert(bulk, error) == SV_OK) {
        sv_import_update(bulk, error);
    }
    sv_arena_destroy(bulk->arena);
    bulk->arena = sv_arena_create();
    bulk->count = 0;
    return error->status;
}

void
sv_import_bulk_result(const sv_import_bulk_t *bulk, sv_import_result_t *result)
{
    *result = (sv_import_result_t){
        .rows = bulk->table->rows,
        .created = bulk->created,
        .changed = bulk->changed,
        .unchanged = bulk->unchanged,
        .errors = bulk->table->errors,
    };
}
