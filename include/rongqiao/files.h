/* A folder of built files that is read once, at start, and served from memory: nothing of a request ever
 * becomes a path of the file system. Names are looked up in a table; a file has its compressed forms beside
 * it. */
#ifndef RONGQIAO_FILES_H
#define RONGQIAO_FILES_H

#include "rongqiao/http.h"
#include "rongqiao/status.h"

/* The forms of a file: "x.js" with "x.js.gz" and "x.js.br". */
typedef enum rq_coding { RQ_IDENTITY, RQ_GZIP, RQ_BROTLI, RQ_CODINGS } rq_coding;
/* As Content-Encoding says them; null for the file itself. */
extern const char *const rq_coding_names[RQ_CODINGS];

enum { RQ_FILE_ETAG = 28 };

typedef struct rq_file {
    char *path;       /* of the URL: "/assets/index-4f2a.js" */
    const char *type; /* its media type */
    struct {
        char *data; /* null: there is no such form */
        size_t length;
        char etag[RQ_FILE_ETAG]; /* strong, with its quotes: a hash of the form's bytes */
    } forms[RQ_CODINGS];
} rq_file;

typedef struct rq_files rq_files;

/* Reads every file below `folder`. Hidden names are left out; links, other kinds of files, odd names, unknown
 * endings, a compressed form without its file, and more than the limits allow are refused. */
rq_status rq_files_read(const char *folder, rq_files **out_files, rq_error *error) RQ_MUST_CHECK;
void rq_files_free(rq_files *files);
size_t rq_files_count(const rq_files *files);

/* The file of exactly this path, or null. */
const rq_file *rq_files_find(const rq_files *files, rq_slice path);
/* The form to send to a client with this Accept-Encoding: the one of most weight, the smaller on a tie. */
rq_coding rq_file_form(const rq_file *file, rq_slice accept_encoding);

#endif
