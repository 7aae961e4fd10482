/* From the documents MongoDB gives to rows as core/report/rows/column.h has them. */
#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/report/query/query_rows.h"
#include "core/store/document.h"

/* A member of the documents, and which columns are read from it. */
typedef struct {
    const char *name;
    size_t length;
    size_t next; /* the member that came behind it last time: documents mostly have the same order */
    uint64_t seen;
    uint32_t at, key_length; /* where it stands in the document of that number */
} sv_row_member_t;

typedef struct {
    size_t member;    /* of the document itself */
    const char *rest; /* path below the member; NULL: the member itself */
    size_t divisor;   /* member of an average's number of values */
    int name_length;
} sv_row_place_t;

struct sv_row_maker_s {
    const sv_report_query_t *query;
    sv_row_member_t *members;
    size_t member_count;
    sv_row_place_t *places; /* by column */
    uint64_t made;
    const bson_t *document;
    bson_t *row;
    sv_buffer_t text; /* of lists */
};

static size_t
sv_row_member(sv_row_maker_t *maker, const char *path)
{
    size_t length = strcspn(path, ".");
    sv_row_member_t *member;

    for (size_t i = 0; i < maker->member_count; i++) {
        if (maker->members[i].length == length && memcmp(maker->members[i].name, path, length) == 0) {
            return i;
        }
    }
    member = &maker->members[maker->member_count];
    member->name = path;
    member->length = length;
    return maker->member_count++;
}

sv_row_maker_t *
sv_row_maker_create(const sv_report_query_t *query, sv_arena_t *arena)
{
    sv_row_maker_t *maker = sv_arena_zalloc(arena, sizeof(*maker));

    maker->query = query;
    maker->members = sv_arena_zalloc(arena, (2 * query->column_count + 1) * sizeof(*maker->members));
    maker->places = sv_arena_zalloc(arena, (query->column_count + 1) * sizeof(*maker->places));
    maker->row = sv_doc_take(bson_sized_new(1024), arena);
    sv_buffer_init(&maker->text, arena, 256);
    for (size_t i = 0; i < query->column_count; i++) {
        const sv_report_source_t *source = &query->sources[i];
        const char *dot = strchr(source->path, '.');

        maker->places[i].name_length = (int) strlen(query->columns[i].name);
        if (source->lookup == SV_LINK_NONE) {
            maker->places[i].member = sv_row_member(maker, source->path);
            maker->places[i].rest = dot != NULL ? dot + 1 : NULL;
        }
        if (source->divisor != NULL) {
            maker->places[i].divisor = sv_row_member(maker, source->divisor);
        }
    }
    for (size_t i = 0; i < maker->member_count; i++) {
        maker->members[i].next = (i + 1) % maker->member_count;
    }
    return maker;
}

/* ---- values */

static int64_t
sv_row_text_day(const bson_iter_t *value)
{
    int64_t ms;

    return BSON_ITER_HOLDS_UTF8(value) && sv_date_parse(bson_iter_utf8(value, NULL), &ms) ? ms : INT64_MIN;
}

static void
sv_row_put_list(sv_row_maker_t *maker, const char *name, int length, const bson_iter_t *value)
{
    bson_iter_t element;

    maker->text.length = 0;
    sv_buffer_puts(&maker->text, "");
    for (bson_iter_recurse(value, &element); bson_iter_next(&element);) {
        if (BSON_ITER_HOLDS_UTF8(&element)) {
            uint32_t size;
            const char *text = bson_iter_utf8(&element, &size);

            if (maker->text.length > 0) {
                sv_buffer_puts(&maker->text, ", ");
            }
            sv_buffer_append(&maker->text, text, size);
        }
    }
    bson_append_utf8(maker->row, name, length, maker->text.data, (int) maker->text.length);
}

static bool
sv_row_put_text(sv_row_maker_t *maker, const char *name, int length, const bson_iter_t *value)
{
    uint32_t size;
    const char *text;

    if (BSON_ITER_HOLDS_UTF8(value)) {
        text = bson_iter_utf8(value, &size);
        return bson_append_utf8(maker->row, name, length, text, (int) size);
    }
    if (BSON_ITER_HOLDS_ARRAY(value)) {
        sv_row_put_list(maker, name, length, value);
        return true;
    }
    return false;
}

static bool
sv_row_integer(const bson_iter_t *value, int64_t *number)
{
    double real;

    if (BSON_ITER_HOLDS_INT32(value) || BSON_ITER_HOLDS_INT64(value)) {
        *number = bson_iter_as_int64(value);
        return true;
    }
    if (!BSON_ITER_HOLDS_DOUBLE(value)) {
        return false;
    }
    real = bson_iter_double(value);
    *number = fabs(real) < 9007199254740992.0 ? (int64_t) real : 0;
    return fabs(real) < 9007199254740992.0 && real == trunc(real);
}

/* False: null, or nothing that a column of this type can hold. */
static bool
sv_row_put_value(sv_row_maker_t *maker, size_t i, const bson_iter_t *value)
{
    const sv_column_t *column = &maker->query->columns[i];
    int length = maker->places[i].name_length;
    int64_t number;

    switch (column->type) {
    case SV_COLUMN_TEXT:
        return sv_row_put_text(maker, column->name, length, value);
    case SV_COLUMN_QUANTITY:
    case SV_COLUMN_MONEY:
    case SV_COLUMN_RATIO:
        return sv_quantity_from_bson(value, &number) && bson_append_int64(maker->row, column->name, length, number);
    case SV_COLUMN_INT:
        return sv_row_integer(value, &number) && bson_append_int64(maker->row, column->name, length, number);
    case SV_COLUMN_TIME:
    case SV_COLUMN_DATE:
        number = BSON_ITER_HOLDS_DATE_TIME(value) ? bson_iter_date_time(value) : sv_row_text_day(value);
        if (maker->query->sources[i].day && number != INT64_MIN) {
            number = sv_time_zone_date(maker->query->zone, number);
        }
        return number != INT64_MIN && bson_append_date_time(maker->row, column->name, length, number);
    case SV_COLUMN_BOOL:
        return BSON_ITER_HOLDS_BOOL(value) && bson_append_bool(maker->row, column->name, length, bson_iter_bool(value));
    }
    return false;
}

/* The member in the document at hand; false: it has none. */
static bool
sv_row_member_value(const sv_row_maker_t *maker, size_t i, bson_iter_t *value)
{
    const sv_row_member_t *member = &maker->members[i];

    return member->seen == maker->made &&
           bson_iter_init_from_data_at_offset(value, bson_get_data(maker->document), maker->document->len, member->at,
                                              member->key_length);
}

/* Sum over number of values, to the sixth place, half away from zero; none of no values. */
static bool
sv_row_put_average(sv_row_maker_t *maker, size_t i, const bson_iter_t *sum)
{
    __int128 total, half;
    bson_iter_t divisor;
    int64_t count;

    if (!sv_row_member_value(maker, maker->places[i].divisor, &divisor) || !sv_row_integer(&divisor, &count) ||
        count <= 0 || !sv_quantity_wide_from_bson(sum, &total)) {
        return false;
    }
    half = count / 2;
    total = (total + (total < 0 ? -half : half)) / count;
    return total >= INT64_MIN && total <= INT64_MAX &&
           bson_append_int64(maker->row, maker->query->columns[i].name, maker->places[i].name_length, (int64_t) total);
}

/* ---- rows */

static void
sv_row_scan(sv_row_maker_t *maker)
{
    sv_row_member_t *members = maker->members;
    size_t expected = 0, last = maker->member_count;
    bson_iter_t iter;

    for (bson_iter_init(&iter, maker->document); bson_iter_next(&iter);) {
        const char *key = bson_iter_key(&iter);
        size_t length = bson_iter_key_len(&iter), n = 0, i = expected;

        while (n < maker->member_count && (members[i].length != length || memcmp(members[i].name, key, length) != 0)) {
            i = (i + 1) % maker->member_count;
            n++;
        }
        if (n == maker->member_count) {
            continue;
        }
        members[i].at = bson_iter_offset(&iter);
        members[i].key_length = (uint32_t) length;
        members[i].seen = maker->made;
        if (last < maker->member_count) {
            members[last].next = i;
        }
        last = i;
        expected = members[i].next;
    }
}

/* Where the column's value stands; false: nowhere. */
static bool
sv_row_find(const sv_row_maker_t *maker, size_t i, const bson_t *const *linked, bson_iter_t *value)
{
    const sv_report_source_t *source = &maker->query->sources[i];
    const sv_row_place_t *place = &maker->places[i];
    bson_iter_t member;

    if (source->lookup != SV_LINK_NONE) {
        return linked != NULL && linked[source->lookup] != NULL &&
               bson_iter_init_find(value, linked[source->lookup], source->path);
    }
    if (place->rest == NULL) {
        return sv_row_member_value(maker, place->member, value);
    }
    return sv_row_member_value(maker, place->member, &member) && BSON_ITER_HOLDS_DOCUMENT(&member) &&
           bson_iter_recurse(&member, value) && bson_iter_find(value, place->rest);
}

sv_status_t
sv_row_maker_make(sv_row_maker_t *maker, const bson_t *document, const bson_t *const *linked, const bson_t **row,
                  sv_error_t *error)
{
    const sv_report_query_t *query = maker->query;
    bson_iter_t value;

    maker->made++;
    maker->document = document;
    bson_reinit(maker->row);
    sv_row_scan(maker);
    for (size_t i = 0; i < query->column_count; i++) {
        bool found = sv_row_find(maker, i, linked, &value) && !BSON_ITER_HOLDS_NULL(&value);
        bool put = found && (query->sources[i].divisor != NULL ? sv_row_put_average(maker, i, &value)
                                                               : sv_row_put_value(maker, i, &value));

        if (found && !put && query->grouped && query->columns[i].total) {
            return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s is too large to be told", query->columns[i].title);
        }
        if (!put) {
            bson_append_null(maker->row, query->columns[i].name, maker->places[i].name_length);
        }
    }
    *row = maker->row;
    return SV_OK;
}
