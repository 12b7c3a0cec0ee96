#include "match_reference_judge.h"

static _Thread_local ref_witness *witness;
static _Thread_local void *witness_self;

void ref_watch(ref_witness *new_witness, void *self)
{
    witness = new_witness;
    witness_self = self;
}

char ref_say(const void *of, ref_condition condition, int64_t have, int64_t bound, char verdict)
{
    const ref_judged one = {condition, of, have, bound, verdict};
    return witness != NULL ? witness(witness_self, &one) : verdict;
}

bool ref_holds(const void *of, ref_condition condition, bool holds)
{
    return ref_say(of, condition, RQ_UNSET, RQ_UNSET, holds ? 'y' : 'n') == 'y';
}

/* What is not published asks for nothing. */
char ref_at_least(const void *of, ref_condition condition, int64_t have, int64_t bound)
{
    if (bound == RQ_UNSET) {
        return 'y';
    }
    return ref_say(of, condition, have, bound, have == RQ_UNSET ? '?' : have >= bound ? 'y' : 'n');
}

char ref_at_most(const void *of, ref_condition condition, int64_t have, int64_t bound)
{
    if (bound == RQ_UNSET) {
        return 'y';
    }
    return ref_say(of, condition, have, bound, have == RQ_UNSET ? '?' : have <= bound ? 'y' : 'n');
}

/* A code and the codes below it start with the same digits once trailing "00" pairs are cut. */
static bool ref_region(uint32_t served, uint32_t region)
{
    char a[16], b[16];
    (void)snprintf(a, sizeof a, "%06u", served);
    (void)snprintf(b, sizeof b, "%06u", region);
    size_t length = 6;
    while (length >= 2 && a[length - 1] == '0' && a[length - 2] == '0') {
        length -= 2;
    }
    return strncmp(a, b, length) == 0;
}

bool ref_regions(const uint32_t *regions, size_t count, uint32_t region)
{
    bool found = count == 0;
    for (size_t i = 0; i < count; i++) {
        found = ref_region(regions[i], region) || found;
    }
    return found;
}

static bool ref_industry(const char (*list)[8], size_t count, const char *industry)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found = strstr(industry, list[i]) == industry || found;
    }
    return found;
}

bool ref_valid(const void *of, ref_condition first, rq_date from, rq_date to, rq_date day)
{
    bool is_begun = ref_at_least(of, first, day, from == INT32_MIN ? RQ_UNSET : from) == 'y';
    return ref_at_most(of, first + 1, day, to == INT32_MAX ? RQ_UNSET : to) == 'y' && is_begun;
}

/* Whether the product serves the need's region and industry, is valid, and has room. */
bool ref_open(const rq_product *p, const rq_need *need)
{
    bool backs = p->kind == RQ_INDEX(kind, guarantee) || p->kind == RQ_INDEX(kind, insurance);
    int64_t needed = need->amount_min_fen;
    if (p->amount_min_fen != RQ_UNSET && p->amount_min_fen > needed) {
        needed = p->amount_min_fen;
    }
    bool valid = ref_valid(p, backs ? REF_partner_valid_from : REF_valid_from, p->valid_from, p->valid_to,
                           need->as_of);
    bool left = p->capacity_cases_left == RQ_UNSET ||
                ref_at_least(p, backs ? REF_partner_cases : REF_cases, p->capacity_cases_left, 1) == 'y';
    bool room =
        p->capacity_fen_left == RQ_UNSET ||
        ref_at_least(p, backs ? REF_partner_capacity : REF_capacity, p->capacity_fen_left, needed) == 'y';
    bool here = ref_holds(p, backs ? REF_partner_region : REF_region,
                          ref_regions(p->regions, p->region_count, need->region));
    bool in = ref_holds(p, backs ? REF_partner_industry_in : REF_industry_in,
                        p->industries_in_count == 0 ||
                            ref_industry(p->industries_in, p->industries_in_count, need->industry));
    bool out = !ref_holds(p, backs ? REF_partner_industry_out : REF_industry_out,
                          !ref_industry(p->industries_out, p->industries_out_count, need->industry));
    return valid && left && room && here && in && !out;
}

char ref_rule(const rq_rule *rule, const rq_need *need, ref_condition place)
{
    if (!need->facts[rule->fact].known) {
        return ref_say(rule, place, RQ_UNSET, rule->value, '?');
    }
    int64_t x = need->facts[rule->fact].value, v = rule->value;
    bool yes = false;
    if (rule->op == RQ_OP_eq) {
        yes = x == v;
    } else if (rule->op == RQ_OP_ne) {
        yes = x != v;
    } else if (rule->op == RQ_OP_ge) {
        yes = x >= v;
    } else if (rule->op == RQ_OP_gt) {
        yes = x > v;
    } else if (rule->op == RQ_OP_le) {
        yes = x <= v;
    } else if (rule->op == RQ_OP_lt) {
        yes = x < v;
    } else if (rule->op == RQ_OP_ratio_ge) {
        yes = (__int128)x * v >= (__int128)need->amount_fen * 1000000;
    } else {
        int common = 0, asked = 0;
        for (int bit = 0; bit < 62; bit++) {
            asked += (int)(v >> bit & 1);
            common += (v >> bit & 1) == 1 && (x >> bit & 1) == 1;
        }
        yes = rule->op == RQ_OP_in ? common > 0 : rule->op == RQ_OP_not_in ? common == 0 : common == asked;
    }
    return ref_say(rule, place, x, v, yes ? 'y' : 'n');
}

/* 'y', '?' or 'n' for all hard rules together; those of a tier are all hard */
char ref_rules(const rq_rule *rules, size_t count, const rq_need *need, ref_condition place)
{
    int no = 0, unknown = 0;
    for (size_t i = 0; i < count; i++) {
        if (rules[i].hard || place == REF_tier) {
            char verdict = ref_rule(&rules[i], need, place);
            no += verdict == 'n';
            unknown += verdict == '?';
        }
    }
    return no > 0 ? 'n' : unknown > 0 ? '?' : 'y';
}
