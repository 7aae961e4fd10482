#include <stdlib.h>
#include <string.h>

#include "core/report/blocks/block_ahead.h"
#include "core/report/blocks/block_cursor.h"
#include "core/report/blocks/block_owner.h"
#include "core/report/rows/row_build.h"
#include "core/report/rows/row_columns.h"
#include "core/store/document.h"

/* One row's view stands first: libbson asks for an alignment of its own. */
struct sv_block_reader_s {
    bson_t document;
    sv_row_builder_t builder; /* of documents, where they are asked for */
    sv_row_packer_t packer;   /* of rows that are kept otherwise */
    sv_column_reader_t columns;
    sv_row_layout_t layout;
    sv_row_value_t *values; /* of this row, once they are read */
    sv_arena_t *arena;
    sv_packed_row_t row;
    sv_store_t *store;
    sv_block_place_t place;
    mongoc_cursor_t *cursor; /* over the blocks behind the first, where they are not read ahead */
    ZSTD_DCtx *decompressor;
    sv_block_raw_t raw;      /* of the first block, and of all that are not opened ahead */
    bool runs_ahead;         /* where there is more than one block */
    sv_block_ahead_t *ahead; /* NULL before that */
    const uint8_t *bytes;    /* of this block's rows */
    size_t length, at;
    int64_t format;    /* of this block */
    int64_t rows;      /* in it */
    int64_t rows_left; /* of these */
    int64_t n;         /* of the block to read next */
    int64_t next_row;  /* number of the row given next */
    bool begun, last;
    /* of the row it began with, while its block is at hand: the block behind it, and which of its rows it is */
    int64_t first_row, first_n, first_place;
};

sv_block_reader_t *
sv_block_reader_create(sv_store_t *store, const sv_block_place_t *place, const sv_column_t *columns,
                       size_t column_count, int64_t first_row)
{
    sv_block_reader_t *reader = aligned_alloc(_Alignof(sv_block_reader_t), sizeof(*reader));

    if (reader == NULL) {
        return NULL;
    }
    memset(reader, 0, sizeof(*reader));
    reader->store = store;
    reader->place = *place;
    reader->next_row = first_row;
    reader->arena = sv_arena_create();
    sv_row_layout_init(&reader->layout, columns, column_count, reader->arena);
    reader->values = sv_arena_zalloc(reader->arena, (column_count + 1) * sizeof(reader->values[0]));
    sv_row_packer_init(&reader->packer, &reader->layout, reader->arena);
    sv_column_reader_init(&reader->columns, &reader->layout, reader->arena);
    sv_row_builder_init(&reader->builder, columns, column_count, reader->arena);
    reader->decompressor = ZSTD_createDCtx();
    if (reader->decompressor == NULL) {
        sv_block_reader_destroy(reader);
        return NULL;
    }
    return reader;
}

void
sv_block_reader_destroy(sv_block_reader_t *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->cursor != NULL) {
        mongoc_cursor_destroy(reader->cursor);
    }
    sv_block_ahead_destroy(reader->ahead);
    ZSTD_freeDCtx(reader->decompressor);
    sv_arena_destroy(reader->arena);
    free(reader->raw.bytes);
    free(reader);
}

void
sv_block_reader_run_ahead(sv_block_reader_t *reader)
{
    reader->runs_ahead = true;
}

static sv_status_t
sv_block_bad(const sv_block_reader_t *reader, int64_t n, const char *what, sv_error_t *error)
{
    return sv_fail_cause(error, SV_ERR_INTERNAL, "block %lld of %s %s", (long long) n, reader->place.owner, what);
}

/* Somebody may have deleted what the blocks are of since its head was read. */
static sv_status_t
sv_block_missing(const sv_block_reader_t *reader, int64_t n, sv_error_t *error)
{
    bool abandoned = false;

    if (sv_block_owner_is_noted(reader->store, &reader->place, &abandoned, error) != SV_OK) {
        return error->status;
    }
    return abandoned ? sv_fail(error, SV_ERR_NOT_FOUND, "The rows were deleted meanwhile")
                     : sv_block_bad(reader, n, "is missing", error);
}

static sv_status_t
sv_block_fetch(const sv_block_reader_t *reader, int64_t n, const bson_t *wanted, sv_arena_t *arena,
               const bson_t **document, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);

    BSON_APPEND_UTF8(filter, reader->place.owner_field, reader->place.owner);
    BSON_APPEND_INT64(filter, "n", n);
    return sv_store_find_one(reader->store, reader->place.collection, filter, wanted, arena, document, error);
}

/* Blocks hold a thousand rows unless rows are long, so the block of a row is the one its number says, or one behind it:
 * `low` begins at or before the row, `high` does not exist or begins behind it. */
static sv_status_t
sv_block_search(sv_block_reader_t *reader, int64_t low, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *wanted = sv_doc_take(BCON_NEW("first_row", BCON_INT32(1)), arena);
    int64_t high = -1, step = 1;

    while (high < 0 || high - low > 1) {
        int64_t n = high < 0 ? low + step : low + (high - low) / 2;
        const bson_t *document = NULL;

        if (sv_block_fetch(reader, n, wanted, arena, &document, error) != SV_OK) {
            return error->status;
        }
        if (document == NULL || sv_doc_int(document, "first_row") > reader->next_row) {
            high = n;
        } else {
            low = n;
            step *= 2;
        }
    }
    reader->n = low;
    return SV_OK;
}

static bool
sv_block_to_first_row(sv_block_reader_t *reader)
{
    reader->at = 0;
    reader->rows_left = reader->rows;
    return reader->format != SV_BLOCK_COLUMNS || reader->rows == 0 ||
           sv_column_reader_begin(&reader->columns, reader->bytes, reader->length);
}

/* This block's rows are read now. */
static sv_status_t
sv_block_enter(sv_block_reader_t *reader, const sv_block_t *block, const sv_block_raw_t *raw, const char *wrong,
               sv_error_t *error)
{
    if (wrong != NULL) {
        return sv_block_bad(reader, reader->n, wrong, error);
    }
    reader->bytes = raw->bytes;
    reader->length = raw->length;
    reader->format = block->format;
    reader->rows = block->rows;
    reader->last = block->last;
    reader->n++;
    return sv_block_to_first_row(reader) ? SV_OK : sv_block_bad(reader, reader->n - 1, "is damaged", error);
}

static sv_status_t
sv_block_open_here(sv_block_reader_t *reader, const sv_block_t *block, sv_error_t *error)
{
    const char *wrong = sv_block_open(block, reader->decompressor, &reader->raw);

    return sv_block_enter(reader, block, &reader->raw, wrong, error);
}

/* The bytes of the next row: packed behind their length, or a document that begins with its own.  False when the block
 * ends in their midst. */
static bool
sv_block_take_bytes(sv_block_reader_t *reader)
{
    size_t left = reader->length - reader->at, before = reader->format == SV_BLOCK_PACKED ? sizeof(uint32_t) : 0;
    uint32_t length;

    if (left < sizeof(length)) {
        return false;
    }
    memcpy(&length, reader->bytes + reader->at, sizeof(length));
    length = BSON_UINT32_FROM_LE(length);
    if (length > left - before) {
        return false;
    }
    reader->row = (sv_packed_row_t){ reader->bytes + reader->at + before, length };
    reader->at += before + length;
    return true;
}

/* The next row: its values where the block has columns, else its bytes. */
static bool
sv_block_take(sv_block_reader_t *reader)
{
    reader->rows_left--;
    return reader->format == SV_BLOCK_COLUMNS ? sv_column_reader_next(&reader->columns, reader->values)
                                              : sv_block_take_bytes(reader);
}

/* Goes past so many rows of this block, or all. */
static bool
sv_block_skip(sv_block_reader_t *reader, int64_t rows)
{
    while (rows-- > 0 && reader->rows_left > 0) {
        if (!sv_block_take(reader)) {
            return false;
        }
    }
    return true;
}

/* The block that holds the first row wanted, or else the last; NULL when there is none. */
static sv_status_t
sv_block_find_first(sv_block_reader_t *reader, sv_arena_t *arena, const bson_t **document, sv_error_t *error)
{
    int64_t guess = reader->next_row / SV_BLOCK_ROWS;
    sv_block_t block = { 0 };

    reader->n = guess;
    if (sv_block_fetch(reader, guess, NULL, arena, document, error) != SV_OK) {
        return error->status;
    }
    if (*document != NULL) {
        sv_block_read(*document, &block);
    }
    if (*document != NULL && (block.last || reader->next_row < block.first_row + block.rows)) {
        return SV_OK;
    }
    if (*document == NULL && guess == 0) {
        return SV_OK;
    }
    if (sv_block_search(reader, *document != NULL ? guess : 0, arena, error) != SV_OK) {
        return error->status;
    }
    return sv_block_fetch(reader, reader->n, NULL, arena, document, error);
}

/* The first block is read by itself: a page needs no other. */
static sv_status_t
sv_block_enter_first(sv_block_reader_t *reader, sv_arena_t *arena, sv_error_t *error)
{
    const bson_t *document = NULL;
    sv_block_t block;

    if (sv_block_find_first(reader, arena, &document, error) != SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        return sv_block_missing(reader, reader->n, error);
    }
    sv_block_read(document, &block);
    if (sv_block_open_here(reader, &block, error) != SV_OK) {
        return error->status;
    }
    if (!block.last && reader->next_row >= block.first_row + block.rows) {
        return sv_block_missing(reader, reader->n, error);
    }
    reader->first_row = reader->next_row;
    reader->first_n = reader->n;
    reader->first_place = reader->next_row - block.first_row;
    if (reader->runs_ahead && !block.last) {
        reader->ahead = sv_block_ahead_create(reader->store->pool, &reader->place, reader->n, error);
        if (reader->ahead == NULL) {
            return error->status;
        }
    }
    return sv_block_skip(reader, reader->first_place) ? SV_OK
                                                      : sv_block_bad(reader, reader->n - 1, "is damaged", error);
}

static sv_status_t
sv_block_begin(sv_block_reader_t *reader, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status = sv_block_enter_first(reader, arena, error);

    reader->begun = true;
    sv_arena_destroy(arena);
    return status;
}

bool
sv_block_reader_rewind(sv_block_reader_t *reader)
{
    if (!reader->begun || reader->n != reader->first_n) {
        return !reader->begun;
    }
    reader->next_row = reader->first_row;
    return sv_block_to_first_row(reader) && sv_block_skip(reader, reader->first_place);
}

static sv_status_t
sv_block_go_on_here(sv_block_reader_t *reader, sv_error_t *error)
{
    sv_block_t block;
    bool any;

    if (reader->cursor == NULL &&
        sv_block_cursor_open(reader->store, &reader->place, reader->n, &reader->cursor, error) != SV_OK) {
        return error->status;
    }
    if (sv_block_cursor_next(reader->store, reader->cursor, &block, &any, error) != SV_OK) {
        return error->status;
    }
    return any && block.n == reader->n && block.first_row == reader->next_row
               ? sv_block_open_here(reader, &block, error)
               : sv_block_missing(reader, reader->n, error);
}

static sv_status_t
sv_block_go_on(sv_block_reader_t *reader, sv_error_t *error)
{
    const sv_opened_block_t *opened;

    if (reader->ahead == NULL) {
        return sv_block_go_on_here(reader, error);
    }
    if (sv_block_ahead_take(reader->ahead, &opened, error) != SV_OK) {
        return error->status;
    }
    return opened != NULL && opened->block.n == reader->n && opened->block.first_row == reader->next_row
               ? sv_block_enter(reader, &opened->block, &opened->raw, opened->wrong, error)
               : sv_block_missing(reader, reader->n, error);
}

/* The bytes of the next row, of a block of documents its view too; *any false at the end, and when it fails. */
static sv_status_t
sv_block_advance(sv_block_reader_t *reader, bool *any, sv_error_t *error)
{
    *any = false;
    while (reader->rows_left == 0 && !(reader->begun && reader->last)) {
        if ((reader->begun ? sv_block_go_on(reader, error) : sv_block_begin(reader, error)) != SV_OK) {
            return error->status;
        }
    }
    if (reader->rows_left == 0) {
        return SV_OK;
    }
    if (!sv_block_take(reader)) {
        return sv_block_bad(reader, reader->n - 1, "is damaged", error);
    }
    if (reader->format == SV_BLOCK_DOCUMENTS &&
        !bson_init_static(&reader->document, reader->row.bytes, reader->row.length)) {
        return sv_block_bad(reader, reader->n - 1, "is damaged", error);
    }
    reader->next_row++;
    *any = true;
    return SV_OK;
}

sv_status_t
sv_block_reader_next(sv_block_reader_t *reader, const sv_packed_row_t **row, sv_error_t *error)
{
    bool any;

    *row = NULL;
    if (sv_block_advance(reader, &any, error) == SV_OK && any) {
        switch (reader->format) {
        case SV_BLOCK_DOCUMENTS:
            *row = sv_row_packer_document(&reader->packer, &reader->document, error);
            break;
        case SV_BLOCK_COLUMNS:
            *row = sv_row_packer_values(&reader->packer, reader->values, error);
            break;
        default:
            *row = &reader->row;
            break;
        }
    }
    return error->status;
}

/* The row as a document. */
static const bson_t *
sv_block_build(sv_block_reader_t *reader, sv_error_t *error)
{
    if (reader->format == SV_BLOCK_PACKED &&
        sv_row_unpack(&reader->layout, &reader->row, reader->values, error) != SV_OK) {
        return NULL;
    }
    sv_row_builder_begin(&reader->builder);
    for (size_t i = 0; i < reader->layout.count; i++) {
        sv_row_builder_put(&reader->builder, &reader->values[i]);
    }
    return sv_row_builder_end(&reader->builder, error);
}

sv_status_t
sv_block_reader_next_document(sv_block_reader_t *reader, const bson_t **row, sv_error_t *error)
{
    bool any;

    *row = NULL;
    if (sv_block_advance(reader, &any, error) == SV_OK && any) {
        *row = reader->format == SV_BLOCK_DOCUMENTS ? &reader->document : sv_block_build(reader, error);
    }
    return error->status;
}
