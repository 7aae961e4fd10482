/* Texts in cells: at most 32,767 characters as a spreadsheet counts them (UTF-16), and no character XML can't hold. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "worker/export/xlsx_text.h"

/* "_x000D_" stands for a character wherever a spreadsheet reads a text: one that was typed is escaped. */
static bool
sv_xlsx_is_escape(const char *text, size_t left)
{
    return left >= 7 && text[0] == '_' && text[1] == 'x' && isxdigit((unsigned char) text[2]) &&
           isxdigit((unsigned char) text[3]) && isxdigit((unsigned char) text[4]) &&
           isxdigit((unsigned char) text[5]) && text[6] == '_';
}

/* U+FFFE and U+FFFF, which are valid UTF-8 and not XML. */
static bool
sv_xlsx_is_no_character(const unsigned char *c, size_t size)
{
    return size == 3 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe;
}

/* The library counts code points of the escaped text, spreadsheets UTF-16 of the read one: a character counts as the
 * longer of the two. */
const char *
sv_xlsx_escape(sv_xlsx_t *xlsx, const char *text, size_t length, size_t limit, size_t *taken)
{
    static const char underscore[] = "_x005F_", unknown[] = "\xef\xbf\xbd";
    sv_buffer_t *out = &xlsx->scratch;
    size_t at = 0, counted = 0;

    out->length = 0;
    sv_buffer_reserve(out, 1)[0] = '\0';
    while (at < length) {
        const char *character = text + at;
        size_t size = sv_utf8_sequence(character, length - at), written = size, weight = size == 4 ? 2 : 1;

        if (*character == '\r') {
            /* A cell's line ends with LF; other readers than Excel would show the escape of a CR. */
            character = "\n";
            size += at + 1 < length && text[at + 1] == '\n';
        } else if (sv_xlsx_is_escape(character, length - at)) {
            character = underscore;
            weight = written = sizeof(underscore) - 1;
        } else if (sv_xlsx_is_no_character((const unsigned char *) character, size)) {
            character = unknown;
        } else if ((unsigned char) *character < 0x20 && *character != '\t' && *character != '\n') {
            weight = sizeof(underscore) - 1; /* the library escapes it */
        }
        if (counted + weight > limit) {
            break;
        }
        sv_buffer_append(out, character, written);
        counted += weight;
        at += size;
    }
    *taken = at;
    return out->data;
}

/* Most texts need nothing of all this. */
static bool
sv_xlsx_is_plain(const char *text, size_t length)
{
    if (length > SV_XLSX_TEXT) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '_' || text[i] == '\r' || (unsigned char) text[i] == 0xef) {
            return false;
        }
    }
    return true;
}

static sv_status_t
sv_xlsx_begin_long_texts(sv_xlsx_t *xlsx, sv_error_t *error)
{
    static const char *const titles[] = { "Cell", "Part", "Text" };

    xlsx->long_texts = sv_xlsx_add_sheet(xlsx, "Long texts", error);
    if (xlsx->long_texts == NULL) {
        return error->status;
    }
    for (lxw_col_t i = 0; i < 3; i++) {
        worksheet_write_string(xlsx->long_texts, 0, i, titles[i], xlsx->header);
    }
    worksheet_set_column(xlsx->long_texts, 0, 0, 24, NULL);
    worksheet_set_column(xlsx->long_texts, 2, 2, 100, NULL);
    worksheet_freeze_panes(xlsx->long_texts, 1, 0);
    return SV_OK;
}

/* The whole text, in parts that cells can hold, beside the name of its cell. */
static sv_status_t
sv_xlsx_continue_text(sv_xlsx_t *xlsx, lxw_row_t row, size_t column, const char *text, size_t length, sv_error_t *error)
{
    sv_status_t status = xlsx->long_texts == NULL ? sv_xlsx_begin_long_texts(xlsx, error) : SV_OK;
    char cell[LXW_MAX_CELL_NAME_LENGTH], place[64], sheet[32];

    lxw_rowcol_to_cell(cell, row, (lxw_col_t) column);
    snprintf(place, sizeof(place), "%s!%s", sv_xlsx_sheet_name(xlsx->sheets, sheet), cell);
    for (int part = 1; status == SV_OK && length > 0; part++) {
        lxw_row_t to = (lxw_row_t) ++xlsx->long_text_rows;
        size_t taken;
        const char *escaped = sv_xlsx_escape(xlsx, text, length, SV_XLSX_TEXT, &taken);

        if (to > SV_XLSX_ROWS) {
            return sv_fail(error, SV_ERR_TOO_MANY_ROWS,
                           "More long texts than a workbook can hold; take another format");
        }
        worksheet_write_string(xlsx->long_texts, to, 0, place, NULL);
        worksheet_write_number(xlsx->long_texts, to, 1, part, NULL);
        status = sv_xlsx_check(worksheet_write_string(xlsx->long_texts, to, 2, escaped, NULL), error);
        text += taken;
        length -= taken;
    }
    xlsx->long_text_count++;
    return status;
}

sv_status_t
sv_xlsx_write_text(sv_xlsx_t *xlsx, lxw_row_t row, size_t column, const char *text, size_t length, sv_error_t *error)
{
    static const char more[] = "\xe2\x80\xa6 (see Long texts)";
    lxw_format *format = xlsx->columns[column].format;
    const char *escaped = text;
    sv_status_t status = SV_OK;
    size_t taken = length;

    if (!sv_xlsx_is_plain(text, length)) {
        escaped = sv_xlsx_escape(xlsx, text, length, SV_XLSX_TEXT, &taken);
    }
    if (taken < length) {
        status = sv_xlsx_continue_text(xlsx, row, column, text, length, error);
        sv_xlsx_escape(xlsx, text, length, SV_XLSX_TEXT - sizeof(more), &taken);
        sv_buffer_puts(&xlsx->scratch, more);
        escaped = xlsx->scratch.data;
    }
    return status == SV_OK
               ? sv_xlsx_check(worksheet_write_string(xlsx->sheet, row, (lxw_col_t) column, escaped, format), error)
               : status;
}
