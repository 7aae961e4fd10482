#ifndef SV_REPORT_BLOCKS_H
#define SV_REPORT_BLOCKS_H

#include "core/report/blocks/block_announce.h"
#include "core/report/rows/row_pack.h"
#include "core/store/store.h"

/*
 * Rows in blocks of about a thousand: packed (core/report/rows/row_pack.h), each behind its length in four bytes, or
 * column by column (core/report/rows/row_columns.h); compressed with zstd, each block with the SHA-256 of its
 * compressed bytes.  One block is one MongoDB document {owner field, n, first_row, rows, bytes, last, format, sha256,
 * data}.  Memory stays flat whatever the number of rows; a page is one block read.
 *
 * Blocks without `format` are of releases that kept rows as BSON documents, one behind the other: they are read, too.
 *
 * The owner is one attempt of one job ("{snapshot_id}.{attempt}"), so that two attempts never write over each other;
 * the head that is published names the owner whose blocks count.
 */
enum { SV_BLOCK_ROWS = 1000, SV_BLOCK_BYTES = 1024 * 1024 };
/* What a block's bytes are. */
enum { SV_BLOCK_DOCUMENTS = 0, SV_BLOCK_PACKED = 2, SV_BLOCK_COLUMNS = 3 };

typedef struct {
    sv_collection_t collection;
    const char *owner_field; /* of the unique index (owner, n) */
    const char *owner;
} sv_block_place_t;

typedef struct sv_block_writer_s sv_block_writer_t;
typedef struct sv_block_reader_s sv_block_reader_t;

typedef struct {
    int64_t rows, blocks, bytes; /* bytes as stored */
    char digest[65];             /* SHA-256 over the columns, then the blocks' bytes before compression, in hex */
} sv_block_totals_t;

/* Packs and inserts on threads of its own, through a client of the store's pool besides `store`; `announce` may be
 * NULL.  NULL: SV_ERR_UNAVAILABLE when no client came free, SV_ERR_INTERNAL without memory. */
sv_block_writer_t *
sv_block_writer_create(sv_store_t *store, const sv_block_place_t *place, const sv_row_layout_t *layout,
                       const sv_block_announce_t *announce, sv_error_t *error);
/* Rows of a writer are added by one of these.  Packed rows are read fastest; a value for each column makes blocks of
 * columns, which are half as large where rows tell the same twice, as those of comparisons do. */
sv_status_t sv_block_writer_add(sv_block_writer_t *writer, const sv_packed_row_t *row, sv_error_t *error);
sv_status_t sv_block_writer_add_values(sv_block_writer_t *writer, const sv_row_value_t *values, sv_error_t *error);
/* After the last row.  The last blocks, all of few, are left for sv_block_writer_insert_last(). */
sv_status_t sv_block_writer_finish(sv_block_writer_t *writer, sv_block_totals_t *totals, sv_error_t *error);
/* Inserts them through this store: in its transaction when it has one, as often as that is tried. */
sv_status_t sv_block_writer_insert_last(sv_block_writer_t *writer, sv_store_t *store, sv_error_t *error);
void sv_block_writer_destroy(sv_block_writer_t *writer);

/* Reads from row `first_row` on (0: the first).  The columns must outlive it. */
sv_block_reader_t *sv_block_reader_create(sv_store_t *store, const sv_block_place_t *place, const sv_column_t *columns,
                                          size_t column_count, int64_t first_row);
/* Before the first row, for a reader of many: blocks behind the first are checked and decompressed on a thread of its
 * own while those before are read. */
void sv_block_reader_run_ahead(sv_block_reader_t *reader);
/* *row is the next one, valid until the next call; NULL at the end.  A block that is missing or whose checksum is wrong
 * is SV_ERR_INTERNAL; SV_ERR_NOT_FOUND when they were deleted meanwhile. */
sv_status_t sv_block_reader_next(sv_block_reader_t *reader, const sv_packed_row_t **row, sv_error_t *error);
/* Begins again at the row it began with.  False: it is past the block of that row, and can't. */
bool sv_block_reader_rewind(sv_block_reader_t *reader);
/* The next row as a document (core/report/rows/column.h). */
sv_status_t sv_block_reader_next_document(sv_block_reader_t *reader, const bson_t **row, sv_error_t *error);
void sv_block_reader_destroy(sv_block_reader_t *reader);

sv_status_t sv_blocks_remove(sv_store_t *store, const sv_block_place_t *place, sv_error_t *error);

#endif
