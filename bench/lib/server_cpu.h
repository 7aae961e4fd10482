#ifndef SV_BENCH_SERVER_CPU_H
#define SV_BENCH_SERVER_CPU_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* CPU seconds of the MongoDB server so far, where SERVER_PID says which process that is; else 0. */
static double
server_cpu_s(void)
{
    const char *pid = getenv("SERVER_PID");
    unsigned long user = 0, system = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid != NULL ? pid : "none");
    file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        user = system = 0;
    }
    fclose(file);
    return (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

#endif
