/* Matchmaking rounds (对接会): needs are given to institutions' case slots all at once, by a rule that
 * anybody can run again. Pure: no I/O, no clock, no global state; equal input gives equal bytes of output.
 *
 * The rule, version RQ_ROUND_RULE_VERSION (domain reference 3.7, 4.2, 4.4; Gale and Shapley 1962, the
 * enterprises propose; Hatfield and Milgrom 2005 for choice functions like step 3):
 * 1. Priority. An institution's score of a need is put in bands of `band_ppm`; a higher band goes first. In a
 *    band: who has waited more days, then first loans, then the smaller SHA-256(seed, id of the need), then
 * the smaller id. So priority is strict.
 * 2. Slots. When the round holds at most `slots_total` cases, `slots_local` of them are kept for local
 *    institutions: these share them, and what is left of slots_total - slots_local is shared by all in
 *    proportion to the slots still asked for; both by largest remainders, ties to the institution that comes
 *    first. Kept slots that no local institution asks for stay empty.
 * 3. Choice. Of the needs that ask, an institution takes in order of priority as long as it has a slot left
 * and the money taken so far is below its money. So its money is over-filled by less than the last loan
 * taken, which is also the one with the lowest priority, and nobody waits while both a slot and money are
 * left.
 * 4. Deferred acceptance. Each need asks in the order of its wishes; each institution keeps its choice of all
 *    who ever asked and lets the others go on to their next wish.
 *
 * Whoever step 3 turns down stays turned down when more ask (the money and slots taken before it only grow),
 * so the order of asking changes nothing and the result is stable: no need prefers an institution that would
 * choose it, given those it has. Such a pair is a blocking pair; rq_round_check() counts them. Of all stable
 * results this one is the best for every need. With money as a gate one large loan can push out several small
 * ones; so, unlike with slots alone, another stable result may fill an institution differently.
 *
 * Units: money int64 fen; scores int32 millionths; waiting in whole days. */
#ifndef RONGQIAO_ROUND_H
#define RONGQIAO_ROUND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/arena.h"
#include "rongqiao/buffer.h"
#include "rongqiao/digest.h"
#include "rongqiao/ids.h"
#include "rongqiao/status.h"

enum {
    RQ_ROUND_RULE_VERSION = 1,
    RQ_ROUND_ID_TEXT = RQ_UUID_TEXT, /* longest id of a need or an institution */
    RQ_ROUND_SEED_TEXT = 128,        /* longest seed */
    RQ_ROUND_SCORE_MAX_PPM = 1000000,
    RQ_ROUND_WAIT_MAX_DAYS = 36500,
    RQ_ROUND_NEEDS_MAX = 1 << 22,
    RQ_ROUND_INSTITUTIONS_MAX = 1 << 16,
    RQ_ROUND_WISHES_MAX = 64,     /* of one need */
    RQ_ROUND_SLOTS_MAX = 1 << 22, /* of one institution */
};
/* All wishes of a round, so that one can be named by 32 bits. */
#define RQ_ROUND_ALL_WISHES_MAX ((size_t)1 << 27)
/* The largest loan; an institution's money is at most a million of them. */
#define RQ_ROUND_AMOUNT_MAX_FEN INT64_C(10000000000000)
#define RQ_ROUND_MONEY_MAX_FEN INT64_C(1000000000000000000)
/* Money that is not limited. */
#define RQ_ROUND_NO_LIMIT INT64_C(-1)
/* No wish, no need, no institution. */
#define RQ_ROUND_NONE UINT32_MAX

typedef struct rq_round_institution {
    char id[RQ_ROUND_ID_TEXT + 1];
    bool is_local;
    uint32_t slots;    /* cases it takes at most */
    int64_t money_fen; /* or RQ_ROUND_NO_LIMIT */
} rq_round_institution;

/* A need is an entry of the list of needs; its wishes are `wish_count` entries of the list of wishes from
 * `wish_from`, best first, no institution twice. Ids differ. */
typedef struct rq_round_need {
    char id[RQ_ROUND_ID_TEXT + 1];
    bool is_first_loan;
    int32_t waited_days;
    int64_t amount_fen;
    uint32_t wish_from;
    uint32_t wish_count;
} rq_round_need;

typedef struct rq_round_wish {
    uint32_t institution; /* index */
    int32_t score_ppm;    /* the institution's view of the need: 0..RQ_ROUND_SCORE_MAX_PPM */
} rq_round_wish;

/* Everything that decides. Arrays belong to the caller. */
typedef struct rq_round_input {
    int32_t band_ppm;     /* width of a band of scores: 1 compares them exactly, 10,000 makes 100 bands */
    uint32_t slots_total; /* cases the whole round holds; 0: as many as the institutions take */
    uint32_t slots_local; /* of those, kept for local institutions */
    const char *seed;     /* 1..RQ_ROUND_SEED_TEXT bytes */
    const rq_round_institution *institutions;
    uint32_t institution_count;
    const rq_round_need *needs;
    uint32_t need_count;
    const rq_round_wish *wishes;
    size_t wish_count;
} rq_round_input;

/* What stops an institution from taking more. */
typedef enum rq_round_full { RQ_ROUND_OPEN, RQ_ROUND_SLOTS, RQ_ROUND_MONEY } rq_round_full;
/* "open", "slots", "money" */
extern const char *const rq_round_full_names[];

/* What one institution got. */
typedef struct rq_round_place {
    uint32_t slots; /* after step 2 */
    uint32_t taken; /* cases */
    int64_t taken_fen;
    uint32_t last;      /* index of the need with the lowest priority among those taken, or RQ_ROUND_NONE */
    rq_round_full full; /* with neither slot nor money left: RQ_ROUND_SLOTS */
} rq_round_place;

typedef struct rq_round_result {
    uint32_t *granted;      /* by need: which of its wishes (0: its first), or RQ_ROUND_NONE */
    rq_round_place *places; /* by institution */
    uint32_t matched;       /* needs with a granted wish */
    uint64_t proposals;     /* how often a need asked; at most the number of wishes */
} rq_round_result;

/* Runs the rule. The result is one allocation, to be freed with rq_round_free(). Takes O(wishes x log slots)
 * time; beside the result at most 48 bytes a need and 8 a slot that can be filled while it runs. Fails with
 * RQ_INVALID when the input breaks a bound (the message names the place), RQ_NOMEM. */
rq_status rq_round_run(const rq_round_input *input, rq_round_result **out_result,
                       rq_error *error) RQ_MUST_CHECK;
void rq_round_free(rq_round_result *result);

/* Whether every number, list and index of an input is within bounds and no id is twice there; rq_round_run()
 * asks it first. */
rq_status rq_round_input_check(const rq_round_input *input, rq_error *error) RQ_MUST_CHECK;

/* What an independent pass over a result found; all zero but `needs` when the result is right. */
typedef struct rq_round_proof {
    uint32_t needs;          /* looked at */
    uint64_t blocking_pairs; /* need and institution that both would rather have each other */
    uint32_t unfit_grants;   /* grants that are no wish of the need */
    uint32_t overfull;       /* institutions with more cases than slots, or over-filled by a whole loan */
    uint32_t wrong_slots;    /* institutions whose slots break step 2, and the round's sums */
    uint32_t wrong_places;   /* institutions whose place does not say what their grants do */
} rq_round_proof;
bool rq_round_proof_holds(const rq_round_proof *proof);

/* Counts blocking pairs and broken promises of `result`, whoever made it. Shares no code with the run: it
 * looks at the grants from the institutions' side. Fails with RQ_INVALID for a bad input, RQ_NOMEM. */
rq_status rq_round_check(const rq_round_input *input, const rq_round_result *result,
                         rq_round_proof *out_proof, rq_error *error) RQ_MUST_CHECK;

/* Why wish `wish` of need `need`, better than its grant, was turned down: what filled the institution, and
 * what put the last need taken before this one. */
typedef enum rq_round_ahead {
    RQ_ROUND_BY_SCORE,
    RQ_ROUND_BY_WAIT,
    RQ_ROUND_BY_FIRST_LOAN,
    RQ_ROUND_BY_DRAW,
    RQ_ROUND_BY_NOBODY, /* it takes none: no slot, or no money */
} rq_round_ahead;
/* "score", "wait", "first_loan", "draw", "nobody" */
extern const char *const rq_round_ahead_names[];
rq_round_ahead rq_round_explain(const rq_round_input *input, const rq_round_result *result, uint32_t need,
                                uint32_t wish);

/* JSON -> input, and back as canonical bytes: equal inputs give equal bytes, whatever the document looked
 * like.
 *
 * {"rule_version": 1, "band_ppm", "slots_total", "slots_local",
 *  "institutions": [{"id", "local": bool, "slots", "money_fen": number | null}],
 *  "needs": [{"id", "first_loan": bool, "waited_days", "amount_fen",
 *             "wishes": [[index of the institution, score_ppm], ...]}]}
 *
 * Unknown keys are ignored. The seed is not part of it: it is committed before and told after. The input and
 * all it points to live in `arena`, 64 bytes a need and 8 a wish; `seed` is copied. RQ_INVALID names the bad
 * key, and what rq_round_input_check() finds. */
rq_status rq_round_input_decode(const json_t *document, const char *seed, rq_arena *arena,
                                rq_round_input *out_input, rq_error *error) RQ_MUST_CHECK;
void rq_round_input_render(const rq_round_input *input, rq_json *json);
/* {"matched", "proposals",
 *  "institutions": [{"id", "slots", "taken", "taken_fen", "full", "last": id | null}],
 *  "needs": [{"id", "institution": id | null, "wish": 1 for the first | null,
 *             "refused": [[index of the institution, full, ahead], ...]}]}, refused being the wishes that are
 * better than the granted one, in order. */
void rq_round_result_render(const rq_round_input *input, const rq_round_result *result, rq_json *json);
void rq_round_proof_render(const rq_round_proof *proof, rq_json *json);
/* SHA-256 of `length` bytes in hexadecimal: how seeds, inputs and results are hashed. */
rq_status rq_round_hash(const char *data, size_t length, char out_text[RQ_SHA256_HEX + 1],
                        rq_error *error) RQ_MUST_CHECK;

/* What holds of an exported round: {"format": "rongqiao-round/1", "seed", "seed_hash", "input", "input_hash",
 * "result", "result_hash", "proof", ...}; hashes are SHA-256 in hexadecimal, of the seed's text and of the
 * canonical bytes of input and result. */
typedef struct rq_round_verdict {
    bool seed_holds;   /* the seed is the one that was committed */
    bool input_holds;  /* the input is the one that was sealed */
    bool result_holds; /* the rule gives the exported result, reasons and all, and the hash is its hash */
    bool proof_holds;  /* the exported result has no blocking pair and breaks no promise */
    uint32_t needs, institutions, matched;
    rq_round_proof proof; /* of a pass over the exported result */
} rq_round_verdict;
/* Runs an exported round again. The input is decoded into `arena`. RQ_INVALID when it is no export, or of a
 * rule version that this program does not know. */
rq_status rq_round_verify(const json_t *document, rq_arena *arena, rq_round_verdict *out_verdict,
                          rq_error *error) RQ_MUST_CHECK;

#endif
