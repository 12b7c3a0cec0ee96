/* The settings of the process: defaults, then a file of `key = value` lines, then environment variables
 * RONGQIAO_<KEY>. Read once at start; a plain struct from then on. */
#ifndef RONGQIAO_CONFIG_H
#define RONGQIAO_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "rongqiao/digest.h"
#include "rongqiao/keyring.h"
#include "rongqiao/log.h"
#include "rongqiao/proxies.h"
#include "rongqiao/status.h"

/* The longest text of a setting, in bytes. */
enum { RQ_CONFIG_TEXT = 1023 };

/* One member a setting, in the order of settings.def, which says what each means and its bounds. A text
 * that is not set is "". */
#define SECTION(title)
#define TEXT(name, standard, doc) char name[RQ_CONFIG_TEXT + 1];
#define PATH(name, standard, doc) char name[RQ_CONFIG_TEXT + 1];
#define SECRET(name, standard, doc) char name[RQ_CONFIG_TEXT + 1];
#define CHOICE(type, name, standard, words, doc) type name;
#define INTEGER(type, name, standard, minimum, maximum, doc) type name;
typedef struct rq_config {
#include "rongqiao/settings.def"
} rq_config;
#undef SECTION
#undef TEXT
#undef PATH
#undef SECRET
#undef CHOICE
#undef INTEGER

/* Fills `out_config` from the defaults, the file at `path` (null: none) and the environment. In a file an
 * empty line and one that starts with '#' say nothing; white space around key and value is dropped; a
 * value has no quotes and no escapes. RQ_INVALID for an unknown key, a key given twice and a value out of
 * bounds, with a reason that names file, line, key and bound (and no secret); RQ_IO when the file can't be
 * read. After a failure `out_config` is undefined. */
rq_status rq_config_load(const char *path, rq_config *out_config, rq_error *error) RQ_MUST_CHECK;

/* Writes every setting with its meaning, type, bounds, environment variable and default, as a file that
 * rq_config_load() takes: deploy/rongqiao.conf. */
void rq_config_describe(FILE *out);

/* Writes the settings in force as `key = value` lines; a secret that is set is written as stars. */
void rq_config_print(const rq_config *config, FILE *out);

#endif
