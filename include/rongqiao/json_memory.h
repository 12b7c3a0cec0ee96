/* Whether Jansson ran short of memory. It then goes on with a reserve, so that a parse in which it cannot read past a text
 * that did not grow (Jansson 2.14, load.c) ends in order; once that is used up, without what it could not get: a parser
 * that fails looks like broken input, and a member that was not added like one that was not there. */
#ifndef RONGQIAO_JSON_MEMORY_H
#define RONGQIAO_JSON_MEMORY_H

#include <stdbool.h>

/* Has Jansson's allocations watched; once, before its first use. */
void rq_json_watch_memory(void);

/* Frees what json_dumps() gave, in place of free(). */
void rq_json_free(void *text);

/* Whether one of them failed on this thread since the last question. */
bool rq_json_ran_short(void);

#endif
