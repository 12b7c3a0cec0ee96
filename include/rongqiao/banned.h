/* Functions that make mistakes easy are compile errors. Included in every translation unit by
 * the build (-include), after the system headers that declare them. */
#ifndef RONGQIAO_BANNED_H
#define RONGQIAO_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With _FORTIFY_SOURCE they may be macros. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol atoll strtok
#pragma GCC poison localtime gmtime ctime asctime srand

/* Parameters of OpenSSL's declarations are called rand too, so only the call is an error. */
#define rand() rand_is_banned_use_rq_random

#endif
