#include <stdlib.h>
#include <string.h>

#include "rongqiao/db.h"

static int by_name(const void *name, const void *statement)
{
    return strcmp(name, ((const rq_statement *)statement)->name);
}

/* The build sorts the table by name. */
const rq_statement *rq_statement_find(const char *name)
{
    return bsearch(name, rq_statements, rq_statement_count, sizeof(rq_statement), by_name);
}
