/* What every API test includes: cmocka with the headers it wants before it, Jansson, and the house. */
#ifndef RONGQIAO_TESTS_API_TEST_H
#define RONGQIAO_TESTS_API_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "client.h"
#include "harness.h"

/* A test whose answers are freed after it. */
#define API_TEST(name) cmocka_unit_test_teardown(name, house_sweep)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
