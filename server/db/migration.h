/* One migration file: its SQL, its `\copy` lines and its checksum. */
#ifndef RONGQIAO_DB_MIGRATION_H
#define RONGQIAO_DB_MIGRATION_H

#include <dirent.h>
#include <libpq-fe.h>

#include "rongqiao/buffer.h"
#include "rongqiao/digest.h"

typedef struct db_migration {
    const char *directory, *name;   /* borrowed */
    rq_buffer text;                 /* ends with a NUL */
    char sha256[RQ_SHA256_HEX + 1]; /* of the file and, in order, of each CSV file it loads */
} db_migration;

/* Whether a directory entry is named NNNN_what.sql; for scandir(). */
int db_migration_is_file(const struct dirent *entry);

rq_status db_migration_load(db_migration *migration, const char *directory, const char *name,
                            rq_error *error) RQ_MUST_CHECK;
void db_migration_done(db_migration *migration);

/* Runs it inside the open transaction of `connection`. */
rq_status db_migration_run(PGconn *connection, const db_migration *migration, rq_error *error) RQ_MUST_CHECK;

#endif
