#ifndef SV_ERP_INTAKE_OPTIONS_H
#define SV_ERP_INTAKE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What is refused: the row from the first, 1; the item as far as it is known, else NULL; the field, NULL for the whole
 * item. */
typedef void (*sv_erp_report_t)(void *context, int64_t row, const char *item_code, const char *field,
                                const char *message);

typedef struct {
    const char *run_id; /* of a full run: its items are marked with it; NULL: none is */
    bool whole;         /* the rows tell all stock of their items: what they do not tell is 0 */
    bool again;         /* the same rows may have been taken before, and not to the end */
    sv_erp_report_t report;
    void *context;
} sv_erp_intake_options_t;

#endif
