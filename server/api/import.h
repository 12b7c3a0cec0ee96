/* Imports: CSV or JSON, line by line; a bad line is refused with its reason, the rest is kept. */
#ifndef RONGQIAO_API_IMPORT_H
#define RONGQIAO_API_IMPORT_H

#include "call.h"

/* {"items": [...]}, each checked by its own schema afterwards. */
extern const rq_schema rq_import_input;
/* dry_run */
extern const rq_schema rq_import_query;

/* Reads the lines of the request (JSON items, or a CSV with a header line) against `schema`, calls `finish`
 * with the good ones as [{line, item}] (may be null; false: it refused the call), and leaves {"lines":
 * [{line, item}], "refused": [{line, code, errors}], "problems": rq_problem_table()} as call->computed. */
rq_step rq_import_read(rq_call *call, const rq_schema *schema, bool (*finish)(rq_call *call, json_t *lines));

/* The next record of a CSV (RFC 4180): cells are NUL-ended inside `text`, which is overwritten. Returns how
 * many there are, 0 at the end, or -1 when a quote is not closed or there are more than `cell_limit`. A byte
 * order mark at the very start is skipped by the caller. `at` moves on; `out_line` counts the lines taken. */
int rq_csv_next(char *text, size_t length, size_t *at, char **cells, size_t cell_limit, size_t *out_lines);

#endif
