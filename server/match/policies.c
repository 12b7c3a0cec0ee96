/* The programmes of a snapshot, with the few that a need of a province may meet. */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

static int by_id(const void *a, const void *b)
{
    return strcmp(((const rq_programme *)a)->id, ((const rq_programme *)b)->id);
}

/* The arena's limit; programmes are published by hand. */
#define POLICIES_BYTES ((size_t)1 << 30)

static void *copied(rq_arena *arena, const void *source, size_t count, size_t size, bool *ok)
{
    void *target = count > 0 ? rq_arena_array(arena, count, size) : NULL;
    if (target != NULL) {
        memcpy(target, source, count * size);
    }
    *ok = *ok && (target != NULL || count == 0);
    return target;
}

static const char *copied_text(rq_arena *arena, const char *text, bool *ok)
{
    return text != NULL ? copied(arena, text, strlen(text) + 1, 1, ok) : NULL;
}

static bool take(rq_arena *arena, rq_programme *programme)
{
    bool ok = true;
    rq_rule *rules = copied(arena, programme->rules, programme->rule_count, sizeof *rules, &ok);
    for (size_t i = 0; rules != NULL && i < programme->rule_count; i++) {
        rules[i].text_zh = copied_text(arena, rules[i].text_zh, &ok);
        rules[i].text_en = copied_text(arena, rules[i].text_en, &ok);
    }
    programme->rules = rules;
    programme->name_zh = copied_text(arena, programme->name_zh, &ok);
    programme->name_en = copied_text(arena, programme->name_en, &ok);
    programme->regions =
        copied(arena, programme->regions, programme->region_count, sizeof *programme->regions, &ok);
    return ok;
}

/* Whether a need in the province can be in one of the programme's regions. */
static bool may_serve(const rq_programme *programme, uint32_t province)
{
    for (size_t i = 0; i < programme->region_count; i++) {
        if (programme->regions[i] == 0 || programme->regions[i] / 10000 == province) {
            return true;
        }
    }
    return programme->region_count == 0;
}

static bool index_provinces(rq_policies *policies)
{
    for (uint32_t province = 0; province < RQ_PROVINCES; province++) {
        uint32_t count = 0;
        for (size_t i = 0; i < policies->count; i++) {
            count += may_serve(&policies->programmes[i], province);
        }
        uint32_t *indexes = rq_arena_array(policies->arena, count + 1U, sizeof *indexes);
        if (indexes == NULL) {
            return false;
        }
        policies->of_province[province] = indexes;
        policies->of_province_count[province] = count;
        policies->bytes += (count + 1U) * sizeof *indexes;
        for (uint32_t i = 0; count > 0 && i < policies->count; i++) {
            if (may_serve(&policies->programmes[i], province)) {
                *indexes++ = i;
            }
        }
    }
    return true;
}

static rq_status check(const rq_programme *programmes, size_t count, rq_error *error)
{
    rq_error reason = {0};
    for (size_t i = 0; i < count; i++) {
        rq_status status = rq_programme_check(&programmes[i], &reason);
        if (status != RQ_OK) {
            return rq_fail(error, status, "programme %.36s: %s", programmes[i].id, reason.message);
        }
    }
    return RQ_OK;
}

static bool fill(rq_policies *policies, const rq_programme *programmes, size_t count)
{
    bool ok = true;
    policies->programmes = copied(policies->arena, programmes, count, sizeof *programmes, &ok);
    for (size_t i = 0; ok && i < count; i++) {
        ok = take(policies->arena, &policies->programmes[i]);
    }
    if (ok && count > 0) {
        qsort(policies->programmes, count, sizeof *policies->programmes, by_id);
    }
    return ok && index_provinces(policies);
}

rq_status rq_policies_new(const rq_programme *programmes, size_t count, rq_policies **out_policies,
                          rq_error *error)
{
    rq_status status = check(programmes, count, error);
    if (status != RQ_OK) {
        return status;
    }
    rq_arena *arena = rq_arena_new(POLICIES_BYTES);
    rq_policies *policies = arena != NULL ? rq_arena_alloc(arena, sizeof *policies) : NULL;
    if (policies == NULL) {
        rq_arena_free(arena);
        return rq_fail(error, RQ_NOMEM, "no memory for programmes");
    }
    atomic_init(&policies->references, 1);
    policies->arena = arena;
    policies->count = count;
    policies->bytes = sizeof *policies + count * sizeof *programmes;
    if (!fill(policies, programmes, count)) {
        rq_arena_free(arena);
        return rq_fail(error, RQ_NOMEM, "no memory for %zu programmes", count);
    }
    for (size_t i = 1; i < count; i++) {
        if (strcmp(policies->programmes[i - 1].id, policies->programmes[i].id) == 0) {
            status =
                rq_fail(error, RQ_INVALID, "programme %s: id is there twice", policies->programmes[i].id);
            rq_arena_free(arena);
            return status;
        }
    }
    *out_policies = policies;
    return RQ_OK;
}

rq_policies *rq_policies_share(rq_policies *policies)
{
    atomic_fetch_add_explicit(&policies->references, 1, memory_order_relaxed);
    return policies;
}

void rq_policies_leave(rq_policies *policies)
{
    if (policies != NULL && atomic_fetch_sub_explicit(&policies->references, 1, memory_order_acq_rel) == 1) {
        rq_arena_free(policies->arena);
    }
}
