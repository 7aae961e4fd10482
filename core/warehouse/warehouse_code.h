#ifndef SV_WAREHOUSE_CODE_H
#define SV_WAREHOUSE_CODE_H

/* A warehouse's code, in bytes. */
enum { SV_WAREHOUSE_MAX = 64 };

#endif
