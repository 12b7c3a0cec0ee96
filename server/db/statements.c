#include <string.h>

#include "rongqiao/db.h"

/* The build sorts the table by name, but by the file system's idea of order ("a/b" against "a-b"), so the
 * search is plain; callers look a statement up once, at start. */
const rq_statement *rq_statement_find(const char *name)
{
    for (size_t i = 0; i < rq_statement_count; i++) {
        if (strcmp(rq_statements[i].name, name) == 0) {
            return &rq_statements[i];
        }
    }
    return NULL;
}
