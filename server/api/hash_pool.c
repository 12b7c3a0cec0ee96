#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/digest.h"
#include "worker.h"

typedef struct hash_job {
    struct hash_job *next;
    rq_worker *worker;
    rq_hash_done done;
    void *argument;
    char *password;
    char expected[RQ_PASSWORD_HASH_TEXT]; /* "" : make a new one */
    char made[RQ_PASSWORD_HASH_TEXT];
    bool equal;
} hash_job;

struct rq_hash_pool {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    hash_job *first, **last;
    unsigned queued;
    unsigned cost_log2;
    bool stopping;
    pthread_t threads[RQ_LIMIT_HASH_THREADS];
    unsigned thread_count;
};

static bool from_hex(const char *text, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            return false;
        out[i] = (uint8_t)value;
    }
    return true;
}

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
        strlen(salt_text) != 2 * RQ_SCRYPT_SALT_BYTES || !from_hex(salt_text, sizeof(salt), salt))
        return false;
    return format_hash(password, cost, salt, made, NULL) == RQ_OK && strlen(made) == strlen(expected) &&
           rq_equal_secret(made, expected, strlen(made));
}

static void free_job(hash_job *job)
{
    OPENSSL_cleanse(job->password, strlen(job->password));
    free(job->password);
    free(job);
}

static void deliver(rq_worker *worker, void *argument)
{
    hash_job *job = argument;
    job->done(worker, job->argument, job->equal, job->made[0] ? job->made : NULL);
    free_job(job);
}

static void *run(void *argument)
{
    rq_hash_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        hash_job *job = pool->first;
        if (!job) {
            pthread_cond_wait(&pool->ready, &pool->lock);
            continue;
        }
        pool->first = job->next;
        if (!pool->first)
            pool->last = &pool->first;
        pool->queued--;
        pthread_mutex_unlock(&pool->lock);
        if (job->expected[0])
            job->equal = verify(job->password, job->expected);
        else if (rq_password_hash(job->password, pool->cost_log2, job->made, NULL) != RQ_OK)
            job->made[0] = 0;
        if (!rq_worker_post(job->worker, deliver, job))
            free_job(job);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

rq_status rq_hash_pool_new(unsigned threads, unsigned cost_log2, rq_hash_pool **out_pool, rq_error *error)
{
    rq_hash_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return rq_fail(error, RQ_NOMEM, "no memory for the hash pool");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->ready, NULL);
    pool->last = &pool->first;
    pool->cost_log2 = cost_log2;
    for (unsigned i = 0; i < threads && i < RQ_LIMIT_HASH_THREADS; i++) {
        if (pthread_create(&pool->threads[i], NULL, run, pool) != 0) {
            rq_hash_pool_free(pool);
            return rq_fail(error, RQ_IO, "cannot start a thread for password hashing");
        }
        pool->thread_count++;
    }
    *out_pool = pool;
    return RQ_OK;
}

void rq_hash_pool_free(rq_hash_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->ready);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    while (pool->first) {
        hash_job *job = pool->first;
        pool->first = job->next;
        /* Its exchange must still be answered: as a password that did not fit, which nobody waits for any
         * more. */
        if (!rq_worker_post(job->worker, deliver, job))
            free_job(job);
    }
    pthread_cond_destroy(&pool->ready);
    pthread_mutex_destroy(&pool->lock);
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
    job->worker = worker;
    job->done = done;
    job->argument = argument;
    if (expected)
        memcpy(job->expected, expected, strlen(expected) + 1);
    pthread_mutex_lock(&pool->lock);
    bool room = pool->queued < RQ_LIMIT_HASH_QUEUE && !pool->stopping;
    if (room) {
        *pool->last = job;
        pool->last = &job->next;
        pool->queued++;
        pthread_cond_signal(&pool->ready);
    }
    pthread_mutex_unlock(&pool->lock);
    if (!room)
        free_job(job);
    return room;
}
