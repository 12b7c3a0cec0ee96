#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/digest.h"
#include "side_pool.h"
#include "worker.h"

typedef struct hash_job {
    rq_side_job side;
    unsigned cost_log2;
    rq_hash_done done;
    void *argument;
    char *password;
    char expected[RQ_PASSWORD_HASH_TEXT]; /* "" : make a new one */
    char made[RQ_PASSWORD_HASH_TEXT];
    bool equal;
} hash_job;

struct rq_hash_pool {
    rq_side_pool *side;
    unsigned cost_log2;
};

static rq_status format_hash(const char *password, unsigned cost_log2, const uint8_t *salt, char *out_text,
                             rq_error *error)
{
    uint8_t key[RQ_SCRYPT_KEY_BYTES];
    char salt_text[2 * RQ_SCRYPT_SALT_BYTES + 1], key_text[2 * RQ_SCRYPT_KEY_BYTES + 1];
    rq_status status = rq_scrypt(password, strlen(password), salt, cost_log2, key, error);
    if (status != RQ_OK)
        return status;
    rq_hex(salt, RQ_SCRYPT_SALT_BYTES, salt_text);
    rq_hex(key, RQ_SCRYPT_KEY_BYTES, key_text);
    snprintf(out_text, RQ_PASSWORD_HASH_TEXT, "scrypt$%u$%s$%s", cost_log2, salt_text, key_text);
    OPENSSL_cleanse(key, sizeof(key));
    return RQ_OK;
}

rq_status rq_password_hash(const char *password, unsigned cost_log2, char out_text[RQ_PASSWORD_HASH_TEXT],
                           rq_error *error)
{
    uint8_t salt[RQ_SCRYPT_SALT_BYTES];
    rq_status status = rq_random(salt, sizeof(salt), error);
    return status == RQ_OK ? format_hash(password, cost_log2, salt, out_text, error) : status;
}

/* Hashes with the salt and cost of a stored hash and compares in constant time. */
static bool verify(const char *password, const char *expected)
{
    uint8_t salt[RQ_SCRYPT_SALT_BYTES];
    char made[RQ_PASSWORD_HASH_TEXT], salt_text[2 * RQ_SCRYPT_SALT_BYTES + 1];
    unsigned cost;
    if (sscanf(expected, "scrypt$%u$%32[0-9a-f]$", &cost, salt_text) != 2 || cost < 10 || cost > 20 ||
        strlen(salt_text) != 2 * RQ_SCRYPT_SALT_BYTES || !rq_unhex(salt_text, sizeof(salt), salt))
        return false;
    return format_hash(password, cost, salt, made, NULL) == RQ_OK && strlen(made) == strlen(expected) &&
           rq_equal_secret(made, expected, strlen(made));
}

static void free_job(rq_side_job *side)
{
    hash_job *job = (hash_job *)side;
    OPENSSL_cleanse(job->password, strlen(job->password));
    free(job->password);
    free(job);
}

/* A job that was never begun ends as a password that did not fit, which nobody waits for any more. */
static void deliver(rq_worker *worker, rq_side_job *side)
{
    hash_job *job = (hash_job *)side;
    job->done(worker, job->argument, job->equal, job->made[0] ? job->made : NULL);
    free_job(side);
}

static void hash(rq_side_job *side)
{
    hash_job *job = (hash_job *)side;
    if (job->expected[0])
        job->equal = verify(job->password, job->expected);
    else if (rq_password_hash(job->password, job->cost_log2, job->made, NULL) != RQ_OK)
        job->made[0] = 0;
}

rq_status rq_hash_pool_new(unsigned threads, unsigned cost_log2, rq_hash_pool **out_pool, rq_error *error)
{
    rq_hash_pool *pool = calloc(1, sizeof(*pool));
    rq_status status = pool ? rq_side_pool_new(threads, RQ_LIMIT_HASH_QUEUE, &pool->side, error)
                            : rq_fail(error, RQ_NOMEM, "no memory for the hash pool");
    if (status != RQ_OK) {
        free(pool);
        return status;
    }
    pool->cost_log2 = cost_log2;
    *out_pool = pool;
    return RQ_OK;
}

void rq_hash_pool_free(rq_hash_pool *pool)
{
    if (!pool)
        return;
    rq_side_pool_free(pool->side);
    free(pool);
}

bool rq_hash_pool_submit(rq_hash_pool *pool, rq_worker *worker, const char *password, const char *expected,
                         rq_hash_done done, void *argument)
{
    hash_job *job = calloc(1, sizeof(*job));
    if (job)
        job->password = strdup(password);
    if (!job || !job->password || (expected && strlen(expected) >= sizeof(job->expected))) {
        free(job ? job->password : NULL);
        free(job);
        return false;
    }
    job->side = (rq_side_job){.worker = worker, .work = hash, .done = deliver, .drop = free_job};
    job->cost_log2 = pool->cost_log2;
    job->done = done;
    job->argument = argument;
    if (expected)
        memcpy(job->expected, expected, strlen(expected) + 1);
    if (rq_side_pool_submit(pool->side, &job->side)) {
        atomic_fetch_add_explicit(&worker->counters.passwords_hashed, 1, memory_order_relaxed);
        return true;
    }
    free_job(&job->side);
    return false;
}
