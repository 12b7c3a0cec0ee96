/* The vocabulary as C: enums, bits and look-ups, all made from vocabulary.def. */
#ifndef RONGQIAO_VOCABULARY_H
#define RONGQIAO_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

/* RQ_AT_kind_credit_loan = 0, ... : the position of a word in its list. */
#define WORD(list, name, zh, en) RQ_AT_##list##_##name,
enum rq_word_at {
#include "rongqiao/vocabulary.def"
    RQ_WORDS
};
#undef WORD

/* One word: its list, its name in data, and its texts. */
typedef struct rq_word {
    const char *list;
    const char *name;
    const char *zh;
    const char *en;
} rq_word;

/* Every word in the order of vocabulary.def, RQ_WORDS of them; each list is one run. */
extern const rq_word rq_words[];

/* A run of rq_words that is one list. Null `first` when there is no such list. */
typedef struct rq_word_list {
    const rq_word *first;
    size_t count;
} rq_word_list;

rq_word_list rq_vocabulary(const char *list);
/* The position of `name` in its list (its bit number), or -1. */
int rq_word_index(rq_word_list list, const char *name, size_t length);

/* The bit of a word in its list, for words that code names: RQ_BIT(kind, bridge). */
#define RQ_LIST_START(list) RQ_FIRST_##list
enum {
    RQ_FIRST_kind = RQ_AT_kind_credit_loan,
    RQ_FIRST_tag = RQ_AT_tag_epidemic_key,
    RQ_FIRST_size = RQ_AT_size_micro,
    RQ_FIRST_tax_grade = RQ_AT_tax_grade_A,
    RQ_FIRST_collateral = RQ_AT_collateral_none,
    RQ_FIRST_purpose = RQ_AT_purpose_working_capital,
    RQ_FIRST_repayment = RQ_AT_repayment_equal_instalment,
    RQ_FIRST_repair = RQ_AT_repair_enterprise,
    RQ_FIRST_source = RQ_AT_source_declared,
};
#define RQ_INDEX(list, name) ((unsigned)(RQ_AT_##list##_##name) - (unsigned)RQ_FIRST_##list)
#define RQ_BIT(list, name) (UINT64_C(1) << RQ_INDEX(list, name))

#endif
