#include "t/unit/sqlite_erp.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

sv_settings_t sv_sqlite_erp_settings;

static char folder[] = "/tmp/stockverify-erp-XXXXXX";
static char connection_file[64];

int
sv_sqlite_erp_open(void **state)
{
    FILE *file;

    (void) state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(connection_file, sizeof(connection_file), "%s/connection", folder);
    file = fopen(connection_file, "w");
    if (file == NULL) {
        return -1;
    }
    fprintf(file, "Driver={SQLite3};Database=%s/erp.sqlite\n", folder);
    fclose(file);
    sv_sqlite_erp_settings.erp_connection_file = connection_file;
    return 0;
}

int
sv_sqlite_erp_close(void **state)
{
    char path[80];

    (void) state;
    unlink(connection_file);
    snprintf(path, sizeof(path), "%s/erp.sqlite", folder);
    unlink(path);
    return rmdir(folder);
}
