#ifndef SV_ERP_CHILD_H
#define SV_ERP_CHILD_H

/*
 * The process that speaks ODBC: drivers keep no time limits and may crash, so none is called where it could take a
 * worker with it.  The worker runs itself with SV_ERP_CHILD_ARGUMENT; BSON documents go to and fro over standard input
 * and output, each as long as its first four bytes say (worker/erp/client.h is the other end):
 *
 *   {connect: CONNECTION_STRING, utf8: BOOL}         {ok: true}
 *   {sql: TEXT, parameters: [TEXT or null]}          {columns: [NAME]}, {rows: [[TEXT or null]]} ..., {end: true}
 *   {sql: TEXT, rows: [[TEXT or null]], for_ms: N}   {wrote: N} ..., {end: true}
 *
 * or {error: TEXT} in place of any answer.  The last executes a statement, prepared once, for each row, one after the
 * other and each committed by itself, and begins none once `for_ms` are over: each {wrote} tells how many more rows the
 * ERP has taken since the one before, the first of the rest; an {error} is of the row behind them, and no later one was
 * begun, nor was any behind the {end}.  Ends with its input, and with the worker.
 */
#define SV_ERP_CHILD_ARGUMENT "--erp-child"

int sv_erp_child_main(void);

#endif
