#include "core/report/blocks/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "core/report/blocks/block_inserter.h"
#include "core/report/blocks/block_packer.h"
#include "core/report/rows/row_columns.h"
#include "core/store/document.h"

struct sv_block_writer_s {
    sv_block_place_t place;
    const sv_row_layout_t *layout;
    sv_column_packer_t *columns; /* of the rows being added; NULL where they are packed */
    sv_block_packer_t *packer;
    sv_block_inserter_t *inserter;
    sv_packed_block_t *filling; /* NULL: not begun */
    sv_block_totals_t totals;
};

sv_block_writer_t *
sv_block_writer_create(sv_store_t *store, const sv_block_place_t *place, const sv_row_layout_t *layout,
                       const sv_block_announce_t *announce, sv_error_t *error)
{
    sv_block_writer_t *writer = calloc(1, sizeof(*writer));

    if (writer != NULL) {
        writer->place = *place;
        writer->layout = layout;
        writer->packer = sv_block_packer_create(layout);
    }
    if (writer == NULL || writer->packer == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    } else {
        writer->inserter = sv_block_inserter_create(store->pool, place->collection, announce, error);
    }
    if (error->status != SV_OK) {
        sv_block_writer_destroy(writer);
        return NULL;
    }
    return writer;
}

void
sv_block_writer_destroy(sv_block_writer_t *writer)
{
    if (writer == NULL) {
        return;
    }
    sv_block_packer_destroy(writer->packer);
    sv_block_inserter_destroy(writer->inserter);
    sv_column_packer_destroy(writer->columns);
    free(writer);
}

/* ---- blocks that are packed */

/* A file of blocks that ends without one that says it is the last has lost some. */
static sv_status_t
sv_block_queue(sv_block_writer_t *writer, const sv_packed_block_t *packed, sv_error_t *error)
{
    bson_t *block = bson_sized_new(packed->size + 256);

    BSON_APPEND_UTF8(block, writer->place.owner_field, writer->place.owner);
    BSON_APPEND_INT64(block, "n", writer->totals.blocks);
    BSON_APPEND_INT64(block, "first_row", packed->first_row);
    BSON_APPEND_INT64(block, "rows", packed->rows);
    BSON_APPEND_INT64(block, "bytes", (int64_t) packed->raw_length);
    BSON_APPEND_BOOL(block, "last", packed->last);
    BSON_APPEND_INT32(block, "format", writer->columns != NULL ? SV_BLOCK_COLUMNS : SV_BLOCK_PACKED);
    BSON_APPEND_BINARY(block, "sha256", BSON_SUBTYPE_BINARY, packed->sha256, sizeof(packed->sha256));
    BSON_APPEND_BINARY(block, "data", BSON_SUBTYPE_BINARY, packed->data, (uint32_t) packed->size);
    writer->totals.blocks++;
    writer->totals.bytes += (int64_t) packed->size;
    return sv_block_inserter_add(writer->inserter, block, error);
}

/* Takes what is packed; with `wait` as long as there is something to wait for. */
static sv_status_t
sv_block_collect(sv_block_writer_t *writer, bool wait, sv_error_t *error)
{
    const sv_packed_block_t *packed;

    while (sv_block_packer_take(writer->packer, wait, &packed, error) == SV_OK && packed != NULL) {
        sv_block_queue(writer, packed, error);
        sv_block_packer_drop(writer->packer);
    }
    return error->status;
}

/* ---- rows */

static bool
sv_block_room(sv_packed_block_t *block, size_t needed)
{
    size_t grown = block->raw_capacity == 0 ? 65536 : block->raw_capacity;
    uint8_t *moved;

    if (needed <= block->raw_capacity) {
        return true;
    }
    while (grown < needed) {
        grown *= 2;
    }
    moved = realloc(block->raw, grown);
    if (moved == NULL) {
        return false;
    }
    block->raw = moved;
    block->raw_capacity = grown;
    return true;
}

/* The next block to fill: first what is packed meanwhile makes room for it. */
static sv_status_t
sv_block_begin(sv_block_writer_t *writer, sv_error_t *error)
{
    sv_status_t status = sv_block_collect(writer, false, error);

    writer->filling = sv_block_packer_room(writer->packer);
    if (status == SV_OK && writer->filling == NULL) {
        status = sv_block_collect(writer, true, error);
        writer->filling = sv_block_packer_room(writer->packer);
    }
    if (status == SV_OK) {
        writer->filling->first_row = writer->totals.rows;
    }
    return status;
}

/* The rows of columns become the block's bytes. */
static sv_status_t
sv_block_fill(sv_block_writer_t *writer, sv_error_t *error)
{
    sv_packed_block_t *block = writer->filling;

    if (!sv_column_packer_end(writer->columns) || !sv_block_room(block, sv_column_packer_size(writer->columns))) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    block->raw_length = sv_column_packer_size(writer->columns);
    sv_column_packer_take(writer->columns, block->raw);
    return SV_OK;
}

static sv_status_t
sv_block_end(sv_block_writer_t *writer, bool last, sv_error_t *error)
{
    if (writer->columns != NULL && sv_block_fill(writer, error) != SV_OK) {
        return error->status;
    }
    writer->filling->last = last;
    writer->filling = NULL;
    sv_block_packer_give(writer->packer);
    return SV_OK;
}

/* The block that the next row goes to. */
static sv_status_t
sv_block_take_row(sv_block_writer_t *writer, bool full, sv_error_t *error)
{
    if (writer->filling != NULL && full && sv_block_end(writer, false, error) != SV_OK) {
        return error->status;
    }
    if (writer->filling == NULL && sv_block_begin(writer, error) != SV_OK) {
        return error->status;
    }
    writer->filling->rows++;
    writer->totals.rows++;
    return SV_OK;
}

sv_status_t
sv_block_writer_add(sv_block_writer_t *writer, const sv_packed_row_t *row, sv_error_t *error)
{
    uint32_t ordered = BSON_UINT32_TO_LE(row->length);
    size_t length = sizeof(ordered) + row->length;
    sv_packed_block_t *block = writer->filling;
    bool full = block != NULL && (block->rows == SV_BLOCK_ROWS || block->raw_length + length > SV_BLOCK_BYTES);
    uint8_t *at;

    if (sv_block_take_row(writer, full, error) != SV_OK) {
        return error->status;
    }
    block = writer->filling;
    if (!sv_block_room(block, block->raw_length + length)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    at = block->raw + block->raw_length;
    memcpy(at, &ordered, sizeof(ordered));
    memcpy(at + sizeof(ordered), row->bytes, row->length);
    block->raw_length += length;
    return SV_OK;
}

sv_status_t
sv_block_writer_add_values(sv_block_writer_t *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_packed_block_t *block = writer->filling;

    if (writer->columns == NULL && (writer->columns = sv_column_packer_create(writer->layout)) == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    if (sv_block_take_row(
            writer,
            block != NULL && (block->rows == SV_BLOCK_ROWS || sv_column_packer_size(writer->columns) >= SV_BLOCK_BYTES),
            error) != SV_OK) {
        return error->status;
    }
    return sv_column_packer_add(writer->columns, values) ? SV_OK
                                                         : sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
}

sv_status_t
sv_block_writer_finish(sv_block_writer_t *writer, sv_block_totals_t *totals, sv_error_t *error)
{
    sv_status_t status = writer->filling != NULL ? SV_OK : sv_block_begin(writer, error);

    if (status == SV_OK) {
        status = sv_block_end(writer, true, error);
    }
    if (status == SV_OK) {
        status = sv_block_collect(writer, true, error);
    }
    if (status == SV_OK) {
        status = sv_block_inserter_settle(writer->inserter, error);
    }
    if (status == SV_OK && !sv_block_packer_digest(writer->packer, writer->totals.digest)) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "SHA-256 failed");
    }
    if (status == SV_OK) {
        *totals = writer->totals;
    }
    return status;
}

sv_status_t
sv_block_writer_insert_last(sv_block_writer_t *writer, sv_store_t *store, sv_error_t *error)
{
    return sv_block_inserter_insert_last(writer->inserter, store, error);
}

sv_status_t
sv_blocks_remove(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, place->owner_field, place->owner);
    return sv_store_delete_many(store, place->collection, filter, NULL, error);
}
