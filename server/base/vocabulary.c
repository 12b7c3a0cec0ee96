#include "rongqiao/vocabulary.h"

#include <assert.h>
#include <string.h>

#define WORD(list, name, zh, en) {#list, #name, zh, en},
const rq_word rq_words[] = {
#include "rongqiao/vocabulary.def"
};
#undef WORD

static_assert(sizeof rq_words / sizeof rq_words[0] == RQ_WORDS, "one row for every word");

rq_word_list rq_vocabulary(const char *list)
{
    rq_word_list found = {0};
    for (size_t i = 0; i < RQ_WORDS; i++) {
        if (strcmp(rq_words[i].list, list) != 0)
            continue;
        if (!found.first)
            found.first = &rq_words[i];
        found.count++;
    }
    return found;
}

int rq_word_index(rq_word_list list, const char *name, size_t length)
{
    for (size_t i = 0; i < list.count; i++)
        if (strlen(list.first[i].name) == length && memcmp(list.first[i].name, name, length) == 0)
            return (int)i;
    return -1;
}
