#include "core/report/blocks/blocks.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "core/base/codec.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum {
    SV_BLOCK_LEVEL = 1,           /* of zstd: rows shrink to a sixth, in a tenth of the time they take to read */
    SV_WRITE_BLOCKS = 64,         /* one insert, one flush of the server's journal, */
    SV_WRITE_BYTES = 1024 * 1024, /* or as many as make so much */
};

struct sv_block_writer_s {
    sv_store_t *store;
    sv_block_place_t place;
    ZSTD_CCtx *compressor;
    EVP_MD_CTX *digest; /* over all rows */
    uint8_t *raw;       /* the block being filled */
    size_t raw_length, raw_capacity;
    int64_t raw_rows;
    uint8_t *packed; /* room for a block compressed */
    size_t packed_capacity;
    bson_t *waiting[SV_WRITE_BLOCKS];
    size_t waiting_count, waiting_bytes;
    int64_t waiting_first; /* number of the first that waits */
    sv_block_totals_t totals;
};

/* Rows tell their values only: what they are values of is told before them. */
static void
sv_block_digest_columns(EVP_MD_CTX *digest, const sv_row_layout_t *layout)
{
    for (size_t i = 0; i < layout->count; i++) {
        const char *type = sv_column_type_name(layout->columns[i].type), *name = layout->columns[i].name;

        EVP_DigestUpdate(digest, type, strlen(type) + 1);
        EVP_DigestUpdate(digest, name, strlen(name) + 1);
    }
    EVP_DigestUpdate(digest, "", 1);
}

sv_block_writer_t *
sv_block_writer_create(sv_store_t *store, const sv_block_place_t *place, const sv_row_layout_t *layout)
{
    sv_block_writer_t *writer = calloc(1, sizeof(*writer));

    if (writer == NULL) {
        return NULL;
    }
    writer->store = store;
    writer->place = *place;
    writer->compressor = ZSTD_createCCtx();
    writer->digest = EVP_MD_CTX_new();
    if (writer->compressor == NULL || writer->digest == NULL ||
        EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) != 1) {
        sv_block_writer_destroy(writer);
        return NULL;
    }
    sv_block_digest_columns(writer->digest, layout);
    return writer;
}

static void
sv_block_writer_forget(sv_block_writer_t *writer)
{
    for (size_t i = 0; i < writer->waiting_count; i++) {
        bson_destroy(writer->waiting[i]);
    }
    writer->waiting_count = 0;
    writer->waiting_bytes = 0;
}

void
sv_block_writer_destroy(sv_block_writer_t *writer)
{
    if (writer == NULL) {
        return;
    }
    sv_block_writer_forget(writer);
    ZSTD_freeCCtx(writer->compressor);
    EVP_MD_CTX_free(writer->digest);
    free(writer->raw);
    free(writer->packed);
    free(writer);
}

static bool
sv_block_room(uint8_t **bytes, size_t *capacity, size_t needed)
{
    size_t grown = *capacity == 0 ? 65536 : *capacity;
    uint8_t *moved;

    if (needed <= *capacity) {
        return true;
    }
    while (grown < needed) {
        grown *= 2;
    }
    moved = realloc(*bytes, grown);
    if (moved == NULL) {
        return false;
    }
    *bytes = moved;
    *capacity = grown;
    return true;
}

static sv_status_t
sv_block_insert(sv_block_writer_t *writer, sv_error_t *error)
{
    bson_t *options = sv_store_options(writer->store, error->arena);
    bson_t reply;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    if (writer->waiting_count == 0) {
        return SV_OK;
    }
    if (!mongoc_collection_insert_many(writer->store->collections[writer->place.collection],
                                       (const bson_t **) writer->waiting, writer->waiting_count, options, &reply,
                                       &reason)) {
        status = sv_store_call_fail(writer->store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    sv_block_writer_forget(writer);
    return status;
}

/* Compresses the block that was filled.  A file of blocks that ends without one that says it is the last has lost some.
 */
static sv_status_t
sv_block_pack(sv_block_writer_t *writer, bool last, sv_error_t *error)
{
    uint8_t digest[SV_SHA256_SIZE];
    bson_t *block;
    size_t size;

    EVP_DigestUpdate(writer->digest, writer->raw, writer->raw_length);
    if (!sv_block_room(&writer->packed, &writer->packed_capacity, ZSTD_compressBound(writer->raw_length))) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    size = ZSTD_compressCCtx(writer->compressor, writer->packed, writer->packed_capacity, writer->raw,
                             writer->raw_length, SV_BLOCK_LEVEL);
    if (ZSTD_isError(size)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "zstd: %s", ZSTD_getErrorName(size));
    }
    sv_sha256(writer->packed, size, digest);
    block = bson_sized_new(size + 256);
    BSON_APPEND_UTF8(block, writer->place.owner_field, writer->place.owner);
    BSON_APPEND_INT64(block, "n", writer->totals.blocks);
    BSON_APPEND_INT64(block, "first_row", writer->totals.rows - writer->raw_rows);
    BSON_APPEND_INT64(block, "rows", writer->raw_rows);
    BSON_APPEND_INT64(block, "bytes", (int64_t) writer->raw_length);
    BSON_APPEND_BOOL(block, "last", last);
    BSON_APPEND_INT32(block, "format", SV_BLOCK_PACKED);
    BSON_APPEND_BINARY(block, "sha256", BSON_SUBTYPE_BINARY, digest, sizeof(digest));
    BSON_APPEND_BINARY(block, "data", BSON_SUBTYPE_BINARY, writer->packed, (uint32_t) size);
    writer->waiting[writer->waiting_count++] = block;
    writer->waiting_bytes += size;
    writer->totals.blocks++;
    writer->totals.bytes += (int64_t) size;
    writer->raw_length = 0;
    writer->raw_rows = 0;
    if (writer->waiting_count == SV_WRITE_BLOCKS || writer->waiting_bytes >= SV_WRITE_BYTES) {
        return sv_block_insert(writer, error);
    }
    return SV_OK;
}

sv_status_t
sv_block_writer_add(sv_block_writer_t *writer, const sv_packed_row_t *row, sv_error_t *error)
{
    uint32_t ordered = BSON_UINT32_TO_LE(row->length);
    size_t length = sizeof(ordered) + row->length;
    sv_status_t status = SV_OK;
    uint8_t *at;

    if (writer->raw_rows == SV_BLOCK_ROWS || (writer->raw_rows > 0 && writer->raw_length + length > SV_BLOCK_BYTES)) {
        status = sv_block_pack(writer, false, error);
    }
    if (status != SV_OK) {
        return status;
    }
    if (!sv_block_room(&writer->raw, &writer->raw_capacity, writer->raw_length + length)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    at = writer->raw + writer->raw_length;
    memcpy(at, &ordered, sizeof(ordered));
    memcpy(at + sizeof(ordered), row->bytes, row->length);
    writer->raw_length += length;
    writer->raw_rows++;
    writer->totals.rows++;
    return SV_OK;
}

sv_status_t
sv_block_writer_finish(sv_block_writer_t *writer, sv_block_totals_t *totals, sv_error_t *error)
{
    uint8_t digest[SV_SHA256_SIZE];
    sv_status_t status = sv_block_pack(writer, true, error);

    if (status == SV_OK) {
        status = sv_block_insert(writer, error);
    }
    if (status == SV_OK && EVP_DigestFinal_ex(writer->digest, digest, NULL) != 1) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "SHA-256 failed");
    }
    if (status == SV_OK) {
        sv_hex_encode(digest, sizeof(digest), writer->totals.digest);
        *totals = writer->totals;
    }
    return status;
}

sv_status_t
sv_blocks_remove(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, place->owner_field, place->owner);
    return sv_store_delete_many(store, place->collection, filter, NULL, error);
}
