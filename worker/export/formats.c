#include <string.h>

#include "worker/export/writer.h"

static const sv_export_writer_t *const sv_export_writers[] = {
    &sv_csv_writer, &sv_json_file_writer, &sv_ndjson_writer, &sv_xlsx_writer, &sv_pdf_writer,
};

const sv_export_writer_t *
sv_export_writer(const sv_format_t *format)
{
    for (size_t i = 0; i < sizeof(sv_export_writers) / sizeof(sv_export_writers[0]); i++) {
        if (strcmp(sv_export_writers[i]->format, format->name) == 0) {
            return sv_export_writers[i];
        }
    }
    return NULL;
}
