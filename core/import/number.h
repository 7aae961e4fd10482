#ifndef SV_IMPORT_NUMBER_H
#define SV_IMPORT_NUMBER_H

#include "core/base/quantity.h"

/* Numbers as spreadsheets and ERPs write them: `12.00000000`, `1E+2`, `0E-8`, `7.`, `.5`, `+3`, `5.000-` (a sign
 * behind), with `decimal` ('.' or ',') before the places.  Read exactly: places behind the sixth must be zeros. */
typedef enum {
    SV_NUMBER_READ,
    SV_NUMBER_MALFORMED,
    SV_NUMBER_OTHER_DECIMAL, /* it has the other of point and comma */
    SV_NUMBER_OUT_OF_RANGE   /* too many places, or too large */
} sv_number_outcome_t;

sv_number_outcome_t sv_import_number_read(const char *text, char decimal, sv_quantity_t *quantity);

/* `4.00638E+12`, `4,0E+9`: what a spreadsheet makes of a long code; its digits are lost. */
bool sv_import_number_is_rounded_code(const char *text);

#endif
