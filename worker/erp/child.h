#ifndef SV_ERP_CHILD_H
#define SV_ERP_CHILD_H

/*
 * The process that speaks ODBC: drivers keep no time limits and may crash, so none is called where it could take a
 * worker with it.  The worker runs itself with SV_ERP_CHILD_ARGUMENT; BSON documents go to and fro over standard input
 * and output, each as long as its first four bytes say (worker/erp/client.h is the other end):
 *
 *   {connect: CONNECTION_STRING, utf8: BOOL}         {ok: true}
 *   {sql: TEXT, parameters: [TEXT or null]}          {columns: [NAME]}, {rows: [[TEXT or null]]} ..., {end: true}
 *
 * or {error: TEXT} in place of any answer.  Ends with its input, and with the worker.
 */
#define SV_ERP_CHILD_ARGUMENT "--erp-child"

enum { SV_ERP_FRAME_MAX = 16 * 1024 * 1024 };

int sv_erp_child_main(void);

#endif
