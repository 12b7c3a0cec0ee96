/* A list as one CSV document: its pages are read one after the other, each a statement of its own, and
 * written as rows, so that neither PostgreSQL nor the worker is held for long. */
#ifndef RONGQIAO_API_SHEET_H
#define RONGQIAO_API_SHEET_H

#include "call.h"

/* The columns of a list route, or null: it is none. */
const char *rq_sheet_columns(const rq_route *route);

/* Begins a sheet when the route is a list and the client wants CSV rather than JSON; then the input asks for
 * the first page. False when the call was refused. */
bool rq_sheet_begin(rq_call *call);
/* Writes the rows of one page; false when memory is short. */
bool rq_sheet_take(rq_call *call, const char *body, size_t length);
/* Whether another page must be read; then the input asks for it. */
bool rq_sheet_turns(rq_call *call);
/* Answers with the sheet. */
void rq_sheet_answer(rq_call *call);
/* May be null. */
void rq_sheet_free(rq_sheet *sheet);

#endif
