#include "rongqiao/status.h"

#include <stdio.h>
#include <string.h>

rq_status rq_fail(rq_error *error, rq_status status, const char *format, ...)
{
    if (!error)
        return status;
    /* Printed aside first, so that a reason may quote the reason it replaces. */
    char message[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0)
        message[0] = '\0';
    va_end(arguments);
    memcpy(error->message, message, sizeof message);
    error->status = status;
    return status;
}
