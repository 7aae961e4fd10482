#ifndef SV_TEST_EXPORT_WORLD_H
#define SV_TEST_EXPORT_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/base/codec.h"
#include "worker/export/export.h"

/* A head, a file in a folder of its own, and rows of every type: what the tests of files share. */

enum { EXPORT_COLUMNS = 8, EXPORT_PATH_SIZE = 256 };

extern const sv_column_t export_columns[EXPORT_COLUMNS], export_text_column[1];

typedef struct {
    sv_arena_t *arena;
    sv_error_t error;
    sv_export_head_t head;
    char path[EXPORT_PATH_SIZE];
    int64_t size;
    char sha256[65];
} export_world_t;

/* Runs the tests with a folder for their files. */
int export_run_tests(const char *name, const struct CMUnitTest *tests, size_t count);

int export_set_up(void **state);
int export_tear_down(void **state);
bson_t *export_row(export_world_t *world, const char *code, int64_t qty, int64_t value);
bson_t *export_empty_row(export_world_t *world);
void export_must(export_world_t *world, sv_status_t status);
/* How many files there are in the folder. */
size_t export_files(void);
/* The file that the rows make, told sizes and sums checked. */
char *export_written(export_world_t *world, const char *format, const bson_t *const *rows, size_t count);
/* What the archive of a workbook holds under this name. */
const char *export_part(export_world_t *world, const char *part);
void export_must_have(const char *text, const char *piece);
sv_status_t export_add_rows(export_world_t *world, sv_exporter_t *exporter, size_t count);

#endif
