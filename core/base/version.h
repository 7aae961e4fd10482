#ifndef SV_BASE_VERSION_H
#define SV_BASE_VERSION_H

/* The version of all of StockVerify: what includes this is made again when it changes. */
#define SV_VERSION "0.1.0"

#endif
