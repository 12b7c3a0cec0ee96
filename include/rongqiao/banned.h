/* Functions that make mistakes easy are compile errors. Included in every translation unit by
 * the build (-include), after the system headers that declare them. */
#ifndef RONGQIAO_BANNED_H
#define RONGQIAO_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol atoll strtok
#pragma GCC poison localtime gmtime ctime asctime rand srand

#endif
