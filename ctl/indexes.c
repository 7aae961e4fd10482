#include <stdio.h>

#include "core/store/indexes.h"
#include "ctl/ctl.h"

static void
sv_indexes_print(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail, void *context)
{
    (void) context;
    printf("%-12s %s.%s (%s)%s%s%s\n", sv_index_outcome_name(outcome), sv_collection_name(row->collection), row->name,
           row->keys, row->unique ? " unique" : "", detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
}

typedef sv_status_t sv_indexes_call_t(sv_store_t *store, sv_index_report_t report, void *context,
                                      sv_index_summary_t *summary, sv_error_t *error);

static int
sv_indexes_run(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv, sv_indexes_call_t *call)
{
    static const sv_index_outcome_t bad[] = { SV_INDEX_MISSING, SV_INDEX_DIFFERENT, SV_INDEX_FAILED };
    sv_index_summary_t summary;
    unsigned wrong = 0;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL || call(ctl->store, sv_indexes_print, NULL, &summary, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wrong += summary.counts[bad[i]];
    }
    return wrong == 0 ? SV_CTL_DONE : SV_CTL_FAILED;
}

int
sv_ctl_indexes_ensure(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_indexes_run(ctl, command, argc, argv, sv_indexes_ensure);
}

int
sv_ctl_indexes_show(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_indexes_run(ctl, command, argc, argv, sv_indexes_show);
}
