#include "worker/export/export.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/codec.h"
#include "core/base/quantity.h"
#include "core/base/text.h"
#include "core/report/files/export_request.h"
#include "core/report/rows/row_units.h"
#include "worker/export/writer.h"

struct sv_exporter_s {
    const sv_export_writer_t *writer;
    const sv_format_t *format;
    const sv_export_head_t *head;
    void *state; /* the writer's */
    sv_arena_t *arena;
    char *path, *part; /* the file, and its name until it is whole */
    bool finished;
    int64_t rows;
    sv_row_value_t *values, *sums; /* a column each */
    sv_row_units_t units;
};

sv_exporter_t *
sv_exporter_create_with(const sv_export_writer_t *writer, const sv_format_t *format, const char *path,
                        const sv_export_head_t *head, sv_error_t *error)
{
    sv_arena_t *arena;
    sv_exporter_t *exporter;

    if (sv_format_check_rows(format, head->rows, error) != SV_OK) {
        return NULL;
    }
    arena = sv_arena_create();
    exporter = sv_arena_zalloc(arena, sizeof(*exporter));
    *exporter = (sv_exporter_t){ .writer = writer, .format = format, .head = head, .arena = arena };
    exporter->path = sv_arena_strdup(arena, path);
    exporter->part = sv_arena_printf(arena, "%s.part", path);
    exporter->values = sv_arena_zalloc(arena, (head->column_count + 1) * sizeof(*exporter->values));
    exporter->sums = sv_arena_zalloc(arena, (head->column_count + 1) * sizeof(*exporter->sums));
    for (size_t i = 0; i < head->column_count; i++) {
        exporter->sums[i].known = head->columns[i].total && sv_column_is_number(&head->columns[i]);
    }
    sv_row_units_begin(&exporter->units, head->columns, head->column_count);
    exporter->state = writer->open(exporter->part, head, error);
    if (exporter->state == NULL) {
        if (error->status == SV_OK) {
            sv_fail_cause(error, SV_ERR_INTERNAL, "%s: the writer of %s could not begin", path, format->name);
        }
        sv_exporter_destroy(exporter);
        return NULL;
    }
    return exporter;
}

sv_exporter_t *
sv_exporter_create(const sv_format_t *format, const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    const sv_export_writer_t *writer = sv_export_writer(format);

    if (writer == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "nobody writes %s", format->name);
        return NULL;
    }
    return sv_exporter_create_with(writer, format, path, head, error);
}

/* What is no UTF-8, and NUL, is U+FFFD in every format. */
static void
sv_export_clean(sv_row_value_t *value, sv_arena_t *arena)
{
    const char *text = value->text;
    size_t left = value->length;
    sv_buffer_t clean;

    sv_buffer_init(&clean, arena, left + 1);
    while (left > 0) {
        size_t step = *text != '\0' ? sv_utf8_sequence(text, left) : 0;

        if (step > 0) {
            sv_buffer_append(&clean, text, step);
        } else {
            sv_buffer_puts(&clean, "\xef\xbf\xbd");
            step = 1;
        }
        text += step;
        left -= step;
    }
    value->text = clean.data;
    value->length = (uint32_t) clean.length;
}

/* The sums; *broken is made, and is the caller's to destroy, when a text must be put right. */
static void
sv_export_take(sv_exporter_t *exporter, sv_arena_t **broken)
{
    for (size_t i = 0; i < exporter->head->column_count; i++) {
        sv_row_value_t *value = &exporter->values[i], *sum = &exporter->sums[i];

        if (i == exporter->units.column) {
            sv_row_units_see(&exporter->units, value->text, value->known ? value->length : 0);
        }
        if (!value->known) {
            continue;
        }
        if (sum->known) {
            sum->known = sv_quantity_add(sum->number, value->number, &sum->number);
        }
        if (exporter->head->columns[i].type == SV_COLUMN_TEXT && !sv_utf8_valid(value->text, value->length)) {
            *broken = *broken != NULL ? *broken : sv_arena_create();
            sv_export_clean(value, *broken);
        }
    }
}

sv_status_t
sv_exporter_row(sv_exporter_t *exporter, const bson_t *row, sv_error_t *error)
{
    const sv_export_head_t *head = exporter->head;
    sv_status_t status = sv_format_check_rows(exporter->format, exporter->rows + 1, error);
    sv_arena_t *broken = NULL;

    if (status == SV_OK) {
        status = sv_row_read(row, head->columns, head->column_count, exporter->values, error);
    }
    if (status == SV_OK) {
        sv_export_take(exporter, &broken);
        status = exporter->writer->row(exporter->state, exporter->values, error);
        exporter->rows++;
    }
    sv_arena_destroy(broken);
    return status;
}

static void
sv_export_end_writer(sv_exporter_t *exporter)
{
    if (exporter->state != NULL) {
        exporter->writer->close(exporter->state);
        exporter->state = NULL;
    }
}

static sv_status_t
sv_export_hash(int fd, int64_t *size, char sha256[65])
{
    enum { SV_READ_SIZE = 256 * 1024 };
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    char *data = malloc(SV_READ_SIZE);
    uint8_t digest[SV_SHA256_SIZE];
    bool good = context != NULL && data != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    ssize_t got = 0;

    *size = 0;
    while (good && (got = read(fd, data, SV_READ_SIZE)) > 0) {
        good = EVP_DigestUpdate(context, data, (size_t) got) == 1;
        *size += got;
    }
    good = good && got == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    if (good) {
        sv_hex_encode(digest, sizeof(digest), sha256);
    }
    EVP_MD_CTX_free(context);
    free(data);
    return good ? SV_OK : SV_ERR_UNAVAILABLE;
}

/* The whole file under its name, on the disk: the file, then its folder's entry. */
static sv_status_t
sv_export_publish(const sv_exporter_t *exporter, int64_t *size, char sha256[65])
{
    int fd = open(exporter->part, O_RDONLY | O_CLOEXEC);
    int folder = open(dirname(sv_arena_strdup(exporter->arena, exporter->path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && folder >= 0 && sv_export_hash(fd, size, sha256) == SV_OK && fsync(fd) == 0 &&
                rename(exporter->part, exporter->path) == 0 && fsync(folder) == 0;
    int reason = errno;

    if (fd >= 0) {
        close(fd);
    }
    if (folder >= 0) {
        close(folder);
    }
    errno = reason;
    return good ? SV_OK : SV_ERR_UNAVAILABLE;
}

sv_status_t
sv_exporter_finish(sv_exporter_t *exporter, int64_t *size, char sha256[65], sv_error_t *error)
{
    sv_export_totals_t totals = { .rows = exporter->rows, .sums = exporter->sums };
    sv_status_t status;

    for (size_t i = 0; i < exporter->head->column_count; i++) {
        exporter->sums[i].known =
            exporter->sums[i].known && sv_row_units_add_up(&exporter->units, &exporter->head->columns[i]);
    }
    status = exporter->writer->finish(exporter->state, &totals, error);
    sv_export_end_writer(exporter);
    if (status == SV_OK && sv_export_publish(exporter, size, sha256) != SV_OK) {
        status = sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", exporter->path, strerror(errno));
    }
    exporter->finished = status == SV_OK;
    return status;
}

void
sv_exporter_destroy(sv_exporter_t *exporter)
{
    if (exporter == NULL) {
        return;
    }
    sv_export_end_writer(exporter);
    if (!exporter->finished) {
        unlink(exporter->part);
        unlink(exporter->path);
    }
    sv_arena_destroy(exporter->arena);
}
