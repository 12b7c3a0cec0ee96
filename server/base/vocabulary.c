#include "rongqiao/vocabulary.h"

#include <assert.h>
#include <string.h>

#define WORD(list, name, zh, en) {#list, #name, zh, en},
const rq_word rq_words[] = {
#include "rongqiao/vocabulary.def"
};
#undef WORD

static_assert(sizeof rq_words / sizeof rq_words[0] == RQ_WORDS, "one row for every word");

/* Where each list begins; it ends where the next one does. */
static const struct {
    const char *name;
    size_t first;
} lists[] = {
    {"kind", RQ_FIRST_kind},
    {"tag", RQ_FIRST_tag},
    {"size", RQ_FIRST_size},
    {"tax_grade", RQ_FIRST_tax_grade},
    {"collateral", RQ_FIRST_collateral},
    {"purpose", RQ_FIRST_purpose},
    {"repayment", RQ_FIRST_repayment},
    {"repair", RQ_FIRST_repair},
    {"source", RQ_FIRST_source},
};
enum { LISTS = sizeof lists / sizeof lists[0] };

rq_word_list rq_vocabulary(const char *list)
{
    for (size_t i = 0; i < LISTS; i++)
        if (strcmp(lists[i].name, list) == 0)
            return (rq_word_list){&rq_words[lists[i].first],
                                  (i + 1 < LISTS ? lists[i + 1].first : RQ_WORDS) - lists[i].first};
    return (rq_word_list){0};
}

int rq_word_index(rq_word_list list, const char *name, size_t length)
{
    for (size_t i = 0; i < list.count; i++)
        if (strlen(list.first[i].name) == length && memcmp(list.first[i].name, name, length) == 0)
            return (int)i;
    return -1;
}
