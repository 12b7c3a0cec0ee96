/* rongqiao round verify FILE: runs an exported round again, without the database and without the network. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "rongqiao/round.h"

/* The most that the input of one round may take: 64 bytes a need, 8 a wish. */
#define ARENA_BYTES ((size_t)2 << 30)

static const char *holds(bool does)
{
    return does ? "holds" : "DOES NOT HOLD";
}

static int report(const rq_round_verdict *verdict)
{
    const rq_round_proof *proof = &verdict->proof;
    printf("%u needs, %u institutions, %u matched by the rule of version %d\n", verdict->needs,
           verdict->institutions, verdict->matched, RQ_ROUND_RULE_VERSION);
    printf("seed    %s: its hash is the one that was committed\n", holds(verdict->seed_holds));
    printf("input   %s: its hash is the one that was sealed\n", holds(verdict->input_holds));
    printf("result  %s: the rule gives it, reason by reason\n", holds(verdict->result_holds));
    printf("proof   %s: %llu blocking pairs, %u grants that are no wish, %u overfull, %u wrong slots, %u "
           "wrong places\n",
           holds(verdict->proof_holds), (unsigned long long)proof->blocking_pairs, proof->unfit_grants,
           proof->overfull, proof->wrong_slots, proof->wrong_places);
    return verdict->seed_holds && verdict->input_holds && verdict->result_holds && verdict->proof_holds ? 0
                                                                                                        : 1;
}

int rq_command_round(const rq_config *config, int argc, char **argv)
{
    rq_error error = {0};
    rq_round_verdict verdict;
    json_error_t reason;
    (void)config;
    if (argc != 2 || strcmp(argv[0], "verify") != 0) {
        fputs("usage: rongqiao round verify FILE\n", stderr);
        return 2;
    }
    json_t *document = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &reason);
    if (!document) {
        fprintf(stderr, "rongqiao: %s:%d: %s\n", argv[1], reason.line, reason.text);
        return 1;
    }
    rq_arena *arena = rq_arena_new(ARENA_BYTES);
    rq_status status = arena ? rq_round_verify(document, arena, &verdict, &error)
                             : rq_fail(&error, RQ_NOMEM, "no memory for the round");
    json_decref(document);
    rq_arena_free(arena);
    if (status != RQ_OK) {
        fprintf(stderr, "rongqiao: %s: %s\n", argv[1], error.message);
        return 1;
    }
    return report(&verdict);
}
