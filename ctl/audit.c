#include <stdio.h>

#include "core/audit/seal.h"
#include "ctl/ctl.h"

int
sv_ctl_audit_verify(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    sv_audit_verdict_t verdict;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL || sv_audit_verify(ctl->store, &verdict, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    printf("%lld entries are whole, %lld are not sealed yet\n", (long long) verdict.entries,
           (long long) verdict.unsealed);
    if (verdict.problem != NULL) {
        printf("BROKEN at %s\n", verdict.problem);
        return SV_CTL_FAILED;
    }
    return SV_CTL_DONE;
}
