/* Who is shown what of an enterprise is noted before the answer goes out (enterprise_view of
 * migrations/0013_looks.sql). A statement that shows such data has a column "seen" that says so; the note is
 * a statement of its own on the write lane, so that the read lane only reads. */
#ifndef RONGQIAO_API_VIEWS_H
#define RONGQIAO_API_VIEWS_H

#include "call.h"
#include "rongqiao/db.h"

/* Whether the rows of `result` must be noted before they are shown: then call->seen is what "views/record"
 * takes. The same look of the same viewer within a minute was noted already. False with call->broken set when
 * memory is short. */
bool rq_views_due(rq_call *call, const PGresult *result);
/* call->seen is in the book. */
void rq_views_noted(rq_call *call);

#endif
