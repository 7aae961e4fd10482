#include "core/items/corrections.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/json_reader.h"
#include "core/items/item_keys.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* What may be corrected: how a thing is called and found, never what the books say of it, nor the units they say it
 * in. */
typedef enum { SV_CORRECT_CODE, SV_CORRECT_LINE, SV_CORRECT_NOTE, SV_CORRECT_AMOUNT } sv_correct_kind_t;

static const struct {
    const char *name;
    sv_correct_kind_t kind;
    size_t limit;
} sv_correctable[] = {
    { "item_name", SV_CORRECT_LINE, 256 },     { "description", SV_CORRECT_NOTE, 1000 },
    { "manual_barcode", SV_CORRECT_CODE, 64 }, { "category", SV_CORRECT_LINE, 128 },
    { "subcategory", SV_CORRECT_LINE, 128 },   { "brand_name", SV_CORRECT_LINE, 128 },
    { "supplier_name", SV_CORRECT_LINE, 128 }, { "image_url", SV_CORRECT_LINE, 1000 },
    { "floor", SV_CORRECT_CODE, 64 },          { "rack", SV_CORRECT_CODE, 64 },
    { "location", SV_CORRECT_LINE, 128 },      { "sales_price", SV_CORRECT_AMOUNT, 0 },
    { "mrp", SV_CORRECT_AMOUNT, 0 },
};

enum { SV_CORRECTABLE = sizeof(sv_correctable) / sizeof(sv_correctable[0]) };

typedef struct {
    bool asked, withdrawn;
    const char *text; /* else an amount */
    sv_quantity_t amount;
} sv_correction_t;

typedef struct {
    const sv_principal_t *who;
    const char *item_code;
    sv_correction_t changes[SV_CORRECTABLE];
    const bson_t *item; /* after the transaction */
} sv_correcting_t;

/* ---- the request */

static bool
sv_correction_read(const sv_json_fields_t *fields, size_t i, sv_correction_t *change)
{
    const char *name = sv_correctable[i].name;
    size_t limit = sv_correctable[i].limit;

    change->asked = true;
    if (json_is_null(json_object_get(fields->object, name))) {
        change->withdrawn = true;
        return true;
    }
    switch (sv_correctable[i].kind) {
    case SV_CORRECT_CODE:
        return sv_json_get_identifier(fields, name, SV_REQUIRED, limit, &change->text);
    case SV_CORRECT_LINE:
        return sv_json_get_text(fields, name, SV_REQUIRED, 1, limit, &change->text);
    case SV_CORRECT_NOTE:
        return sv_json_get_note(fields, name, SV_REQUIRED, limit, &change->text);
    case SV_CORRECT_AMOUNT:
        return sv_json_get_quantity(fields, name, SV_REQUIRED, false, &change->amount);
    }
    return false;
}

static sv_status_t
sv_corrections_read(const json_t *changes, sv_correcting_t *work, sv_error_t *error)
{
    sv_json_fields_t fields = { changes, "changes", error };
    const char *name;
    json_t *value;

    if (json_object_size(changes) == 0) {
        return sv_fail_field(error, "changes", "too_short", "must name at least one field");
    }
    json_object_foreach((json_t *) changes, name, value)
    {
        size_t i = 0;

        while (i < SV_CORRECTABLE && strcmp(sv_correctable[i].name, name) != 0) {
            i++;
        }
        if (i == SV_CORRECTABLE) {
            sv_fail_field(error, sv_json_field_path(&fields, name), "not_allowed", "is no field that may be corrected");
        } else {
            sv_correction_read(&fields, i, &work->changes[i]);
        }
    }
    return error->status;
}

/* ---- the change */

static const char *
sv_corrected_path(const char *of, const char *name, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s.%s", of, name);
}

static void
sv_correct_append(bson_t *document, const char *name, const bson_t *from, const char *path)
{
    bson_iter_t iter, found;

    if (from != NULL && bson_iter_init(&iter, from) && bson_iter_find_descendant(&iter, path, &found)) {
        bson_append_iter(document, name, -1, &found);
    } else {
        BSON_APPEND_NULL(document, name);
    }
}

static void
sv_correct_put_value(bson_t *document, size_t i, const sv_correction_t *change)
{
    if (change->text != NULL) {
        BSON_APPEND_UTF8(document, sv_correctable[i].name, change->text);
    } else {
        sv_doc_put_quantity(document, sv_correctable[i].name, change->amount);
    }
}

typedef struct {
    bson_t *values;      /* the corrected fields as they are to be */
    bson_t *set, *unset; /* of the update */
    bson_t *before;      /* for the trail */
} sv_correct_parts_t;

/* One field; false: nothing is to be done. */
static bool
sv_correct_field(const sv_correcting_t *work, size_t i, const bson_t *item, int64_t now_ms, sv_correct_parts_t *parts,
                 sv_arena_t *arena)
{
    const sv_correction_t *change = &work->changes[i];
    const char *name = sv_correctable[i].name;
    const char *mark = sv_corrected_path(SV_ITEM_CORRECTIONS, name, arena);
    const char *told = sv_corrected_path(SV_ITEM_ERP_VALUES, name, arena);
    bool stands = sv_doc_has(item, mark);
    bson_t who;

    if (!change->asked || (change->withdrawn && !stands)) {
        return false;
    }
    sv_correct_append(parts->before, name, item, name);
    if (change->withdrawn) {
        sv_correct_append(parts->values, name, item, told);
        BSON_APPEND_UTF8(parts->unset, mark, "");
        BSON_APPEND_UTF8(parts->unset, told, "");
        return true;
    }
    sv_correct_put_value(parts->values, i, change);
    if (!stands) {
        sv_correct_append(parts->set, told, item, name);
    }
    BSON_APPEND_DOCUMENT_BEGIN(parts->set, mark, &who);
    sv_doc_put_text(&who, "by", work->who->user_id);
    BSON_APPEND_DATE_TIME(&who, "at", now_ms);
    bson_append_document_end(parts->set, &who);
    return true;
}

/* The codes that find the item, by its fields as they are to be. */
static void
sv_correct_put_keys(const bson_t *item, sv_correct_parts_t *parts, sv_arena_t *arena)
{
    bson_t *fields = sv_doc_new(arena);
    bson_iter_t iter;

    for (size_t i = 0; sv_item_key_fields[i] != NULL; i++) {
        if (bson_iter_init_find(&iter, parts->values, sv_item_key_fields[i]) ||
            bson_iter_init_find(&iter, item, sv_item_key_fields[i])) {
            bson_append_iter(fields, NULL, 0, &iter);
        }
    }
    sv_item_keys_put(parts->set, fields, arena);
}

static sv_status_t
sv_correct_write(sv_store_t *store, sv_correcting_t *work, const bson_t *item, sv_correct_parts_t *parts,
                 sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(work->item_code)), error->arena);
    bson_t *update = sv_doc_new(error->arena), *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "item.correct", .details = details };

    sv_correct_put_keys(item, parts, error->arena);
    bson_concat(parts->set, parts->values);
    BSON_APPEND_DOCUMENT(update, "$set", parts->set);
    if (bson_count_keys(parts->unset) > 0) {
        BSON_APPEND_DOCUMENT(update, "$unset", parts->unset);
    }
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    BSON_APPEND_UTF8(details, "item_code", work->item_code);
    BSON_APPEND_DOCUMENT(details, "before", parts->before);
    BSON_APPEND_DOCUMENT(details, "after", parts->values);
    if (sv_store_find_and_update(store, SV_COLLECTION_ERP_ITEMS, filter, update, true, false, error->arena, &work->item,
                                 error) != SV_OK) {
        return error->status;
    }
    return sv_audit_write(store, work->who, &entry, error);
}

static sv_status_t
sv_correct_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_correcting_t *work = context;
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(work->item_code)), error->arena);
    sv_correct_parts_t parts = { sv_doc_new(error->arena), sv_doc_new(error->arena), sv_doc_new(error->arena),
                                 sv_doc_new(error->arena) };
    bool any = false;
    int64_t now_ms;

    if (sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, filter, NULL, error->arena, &work->item, error) != SV_OK) {
        return error->status;
    }
    if (work->item == NULL) {
        return sv_fail(error, SV_ERR_ITEM_UNKNOWN, "There is no item %s", work->item_code);
    }
    for (size_t i = 0; i < SV_CORRECTABLE; i++) {
        any |= sv_correct_field(work, i, work->item, now_ms, &parts, error->arena);
    }
    return any ? sv_correct_write(store, work, work->item, &parts, error) : SV_OK;
}

sv_status_t
sv_item_correct(sv_store_t *store, const sv_principal_t *who, const char *item_code, const json_t *changes,
                sv_item_corrected_t *corrected, sv_error_t *error)
{
    sv_correcting_t work = { .who = who, .item_code = item_code };

    *corrected = (sv_item_corrected_t){ 0 };
    if (sv_corrections_read(changes, &work, error) != SV_OK ||
        sv_transaction_run(store, sv_correct_body, &work, error) != SV_OK) {
        return error->status;
    }
    corrected->item = work.item;
    return sv_item_stocks_load(store, &work.item, 1, &corrected->stocks, error->arena, error);
}
