/* A round of 1,000,000 needs with 10 wishes each among 500 institutions, drawn from a seed: the run, the
 * independent pass over its result, and the memory. Times are CPU times of this process, which uses one
 * thread. Prints one line a market and last one JSON object; fails when any result has a blocking pair or
 * differs between runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rongqiao/round.h"

enum { NEEDS = 1000000, WISHES = 10, INSTITUTIONS = 500, RUNS_MAX = 99, MARKETS = 3 };

static const struct {
    const char *name, *key;
    uint32_t slots;    /* of each institution */
    int64_t money_fen; /* of each */
} markets[MARKETS] = {
    {"tight: slots for half of the needs", "round_1m_s", 1000, RQ_ROUND_NO_LIMIT},
    {"money: for two thirds of what is asked, beside slots for all", "round_1m_money_s", 2000,
     INT64_C(80000000000)},
    {"slack: slots for all", "round_1m_slack_s", 2500, RQ_ROUND_NO_LIMIT},
};

static rq_round_institution institutions[INSTITUTIONS];
static rq_round_need needs[NEEDS];
static rq_round_wish wishes[(size_t)NEEDS * WISHES];

typedef struct figures {
    double run_s[RUNS_MAX], check_s[RUNS_MAX];
    uint64_t proposals;
    uint64_t blocking_pairs;
    uint32_t matched;
    bool holds;
} figures;

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Loans of 10 to 110 万, waits of up to a quarter, a first loan in four; wishes and scores at random. */
static void draw_needs(uint64_t seed)
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    uint32_t last_wish[INSTITUTIONS] = {0};
    for (uint32_t i = 0; i < INSTITUTIONS; i++)
        snprintf(institutions[i].id, sizeof institutions[i].id, "institution %u", i);
    for (uint32_t n = 0; n < NEEDS; n++) {
        snprintf(needs[n].id, sizeof needs[n].id, "%08x-%04x-7000-8000-%012x", (unsigned)(next(&state) >> 32),
                 (unsigned)(next(&state) >> 48), n);
        needs[n].amount_fen = (int64_t)(10000000 + next(&state) % 100000000);
        needs[n].waited_days = (int32_t)(next(&state) % 90);
        needs[n].is_first_loan = next(&state) % 4 == 0;
        needs[n].wish_from = n * WISHES;
        needs[n].wish_count = WISHES;
        for (uint32_t k = 0; k < WISHES; k++) {
            uint32_t institution = (uint32_t)(next(&state) % INSTITUTIONS);
            while (last_wish[institution] == n + 1)
                institution = (institution + 1) % INSTITUTIONS;
            last_wish[institution] = n + 1;
            wishes[(size_t)n * WISHES + k] =
                (rq_round_wish){institution, (int32_t)(next(&state) % (RQ_ROUND_SCORE_MAX_PPM + 1))};
        }
    }
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

static rq_round_input input_of(size_t market)
{
    for (uint32_t i = 0; i < INSTITUTIONS; i++) {
        institutions[i].slots = markets[market].slots;
        institutions[i].money_fen = markets[market].money_fen;
    }
    return (rq_round_input){
        .band_ppm = 10000,
        .seed = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        .institutions = institutions,
        .institution_count = INSTITUTIONS,
        .needs = needs,
        .need_count = NEEDS,
        .wishes = wishes,
        .wish_count = (size_t)NEEDS * WISHES,
    };
}

/* One run and its proof; false when something failed. */
static bool measure(const rq_round_input *input, size_t at, figures *out)
{
    rq_round_result *result = NULL;
    rq_round_proof proof = {0};
    rq_error error = {0};
    double started = cpu_s();
    rq_status status = rq_round_run(input, &result, &error);
    double ran = cpu_s();
    if (status == RQ_OK)
        status = rq_round_check(input, result, &proof, &error);
    double checked = cpu_s();
    if (status != RQ_OK) {
        fprintf(stderr, "bench round: %s\n", error.message);
        return false;
    }
    bool is_same = at == 0 || (out->proposals == result->proposals && out->matched == result->matched);
    out->run_s[at] = ran - started;
    out->check_s[at] = checked - ran;
    out->proposals = result->proposals;
    out->matched = result->matched;
    out->blocking_pairs += proof.blocking_pairs;
    out->holds = (at == 0 || out->holds) && is_same && rq_round_proof_holds(&proof);
    rq_round_free(result);
    return out->holds;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    static figures all[MARKETS];
    unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 14;
    uint64_t blocking_pairs = 0;
    if (runs < 1 || runs > RUNS_MAX) {
        fputs("usage: bench_round [RUNS [SEED]]\n", stderr);
        return 2;
    }
    draw_needs(seed);
    long before_kib = peak_kib();
    printf("%d needs x %d wishes x %d institutions, %lu runs; CPU seconds, one thread\n", NEEDS, WISHES,
           INSTITUTIONS, runs);
    for (size_t market = 0; market < MARKETS; market++) {
        rq_round_input input = input_of(market);
        for (size_t at = 0; at < runs; at++)
            if (!measure(&input, at, &all[market])) {
                fprintf(stderr, "bench round: the result of \"%s\" does not hold\n", markets[market].name);
                return 1;
            }
        blocking_pairs += all[market].blocking_pairs;
        double run_s = median(all[market].run_s, runs), check_s = median(all[market].check_s, runs);
        printf("%-60s  run %.3f (%.3f to %.3f)  check %.3f  %u matched, %llu proposals\n",
               markets[market].name, run_s, all[market].run_s[0], all[market].run_s[runs - 1], check_s,
               all[market].matched, (unsigned long long)all[market].proposals);
    }
    printf("{");
    for (size_t market = 0; market < MARKETS; market++)
        printf("\"%s\": %.4g, ", markets[market].key, median(all[market].run_s, runs));
    printf("\"check_1m_s\": %.4g, \"blocking_pairs\": %llu, \"input_mib\": %zu, \"work_mib\": %ld}\n",
           median(all[0].check_s, runs), (unsigned long long)blocking_pairs,
           (sizeof needs + sizeof wishes + sizeof institutions) >> 20, (peak_kib() - before_kib) / 1024);
    return 0;
}
