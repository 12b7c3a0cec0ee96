/* Rows of CSV (RFC 4180) out of JSON documents, for people who open them in a spreadsheet. */
#ifndef RONGQIAO_API_CSV_H
#define RONGQIAO_API_CSV_H

#include <jansson.h>

#include "rongqiao/buffer.h"

/* `columns` are names of members with commas between, "enterprise.name" for one of an object in a member. */

/* The byte order mark, by which spreadsheets know UTF-8, and the line of the names. */
void rq_csv_write_head(rq_buffer *out, const char *columns);
/* The line of one document. What is absent or null is empty; a list of scalars has '|' between them, as
 * imports take it; other lists and objects are JSON. Text that a spreadsheet would take for a formula begins
 * with an apostrophe. */
void rq_csv_write_row(rq_buffer *out, const char *columns, const json_t *document);

#endif
