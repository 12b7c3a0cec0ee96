/* Problem documents (RFC 9457) in the asker's language, and the one table that turns PostgreSQL's errors into
 * them. */
#ifndef RONGQIAO_API_PROBLEM_H
#define RONGQIAO_API_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "rongqiao/buffer.h"
#include "rongqiao/db.h"
#include "rongqiao/http.h"
#include "schema.h"

typedef enum rq_language { RQ_CHINESE, RQ_ENGLISH } rq_language;

/* The better wanted of Chinese and English (RFC 9110 section 12.5.4); Chinese when it says neither. */
rq_language rq_language_of(rq_slice accept_language);

typedef struct rq_problem {
    const char *code; /* row of problems.def */
    int status;
    const char *zh;
    const char *en;
} rq_problem;

/* The problem called `code`; one that is not in the table is "internal_error". */
const rq_problem *rq_problem_find(const char *code);
/* The problem that stands for a status of the HTTP parser. */
const rq_problem *rq_problem_for_status(int status);

/* Writes the document. `faults` may be null; `extension` is a JSON object whose members are added (may be
 * null). */
void rq_problem_write(const rq_problem *problem, rq_language language, const char *request_id,
                      const rq_faults *faults, const char *extension, rq_buffer *out);

/* What PostgreSQL's refusal means to the asker: SQLSTATE RQnnn carries a problem's code as its message; named
 * constraints and the standard classes come from a table. `out_pointer` gets the field it is about, or null.
 */
const rq_problem *rq_problem_of_sql(const rq_db_reply *reply, const char **out_pointer);

/* The same table for a statement that refuses some of many things by itself (import_lines of 0024_desks.sql):
 * {"constraints": {name: {code, pointer}}, "sqlstates": [[prefix, code]], "texts": {code: {zh, en}}}. The
 * caller's to free; null when memory is short. */
json_t *rq_problem_table(void);

/* What a fault means, with its bound or its words filled in. */
enum { RQ_FAULT_TEXT = 1024 };
void rq_fault_write_texts(const rq_fault *fault, char out_zh[RQ_FAULT_TEXT], char out_en[RQ_FAULT_TEXT]);

/* The Chinese and English text of a fault code; false when there is none. */
bool rq_fault_texts(const char *code, const char **out_zh, const char **out_en);

#endif
