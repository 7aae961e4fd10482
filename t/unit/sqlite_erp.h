#ifndef SV_UNIT_SQLITE_ERP_H
#define SV_UNIT_SQLITE_ERP_H

#include "core/settings/settings.h"

/* An SQLite file as ERP, for all tests of a program: group set-up and tear-down of cmocka, and settings that reach it. */
extern sv_settings_t sv_sqlite_erp_settings;

int sv_sqlite_erp_open(void **state);
int sv_sqlite_erp_close(void **state);

#endif
