#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/json_memory.h"
#include "worker.h"

static const struct {
    const char *name;
    unsigned bit;
} roles[] = {
    {"enterprise", RQ_ROLE_ENTERPRISE},
    {"bank_maker", RQ_ROLE_BANK_MAKER},
    {"bank_checker", RQ_ROLE_BANK_CHECKER},
    {"guarantee_reviewer", RQ_ROLE_GUARANTEE_REVIEWER},
    {"guarantee_checker", RQ_ROLE_GUARANTEE_CHECKER},
    {"authority", RQ_ROLE_AUTHORITY},
    {"operator", RQ_ROLE_OPERATOR},
    {"auditor", RQ_ROLE_AUDITOR},
};

unsigned rq_roles_parse(const char *text)
{
    unsigned bits = 0;
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",");
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
            if (strlen(roles[i].name) == length && memcmp(roles[i].name, at, length) == 0)
                bits |= roles[i].bit;
        at += length + (at[length] == ',');
    }
    return bits;
}

bool rq_list_holds(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at;) {
        at += strspn(at, ", ");
        size_t here = strcspn(at, ", ");
        if (here == length && here > 0 && memcmp(at, word, length) == 0)
            return true;
        at += here;
    }
    return false;
}

bool rq_roles_are_known(const char *text)
{
    size_t words = 0;
    for (const char *at = text; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
        words++;
    unsigned bits = rq_roles_parse(text);
    return words == (size_t)__builtin_popcount(bits);
}

/* The slot of a token: its hash is uniform, so its first digits pick the place. */
static rq_principal_slot *slot_of(rq_worker *worker, const char *token_hash)
{
    unsigned at = 0;
    for (int i = 0; i < 4; i++)
        at = at * 16 + (unsigned)(token_hash[i] <= '9' ? token_hash[i] - '0' : token_hash[i] - 'a' + 10);
    return &worker->principals[at % RQ_PRINCIPALS];
}

const rq_principal *rq_principal_cached(rq_worker *worker, const char *token_hash)
{
    rq_principal_slot *slot = slot_of(worker, token_hash);
    if (strcmp(slot->token_hash, token_hash) != 0 ||
        rq_monotonic_ms() - slot->resolved_ms >= worker->config->principal_cache_ms)
        return NULL;
    return &slot->principal;
}

bool rq_principal_is_familiar(rq_worker *worker, const char *token_hash)
{
    enum { FAMILIAR_MS = 900000 };
    const rq_principal_slot *slot = slot_of(worker, token_hash);
    return strcmp(slot->token_hash, token_hash) == 0 && rq_monotonic_ms() - slot->resolved_ms < FAMILIAR_MS;
}

void rq_principal_remember(rq_worker *worker, const char *token_hash, const rq_principal *principal)
{
    rq_principal_slot *slot = slot_of(worker, token_hash);
    /* An enterprise's user that has registered none yet becomes another with the next request, on any worker.
     */
    if ((principal->role_bits & RQ_ROLE_ENTERPRISE) && !principal->org_id[0])
        return;
    memcpy(slot->token_hash, token_hash, sizeof(slot->token_hash));
    slot->resolved_ms = rq_monotonic_ms();
    slot->principal = *principal;
}

void rq_principal_forget(rq_worker *worker, const char *token_hash)
{
    slot_of(worker, token_hash)->token_hash[0] = 0;
}

static bool copy_text(const json_t *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    size_t length = text ? strlen(text) : 0;
    if (length >= size)
        return false;
    memcpy(out, text ? text : "", length + 1);
    return true;
}

bool rq_principal_parse(const char *text, rq_principal *out_principal)
{
    json_t *object = json_loads(text, 0, NULL);
    bool fits = json_is_object(object);
    memset(out_principal, 0, sizeof(*out_principal));
    fits = fits && copy_text(object, "user_id", out_principal->user_id, sizeof(out_principal->user_id));
    fits = fits && copy_text(object, "org_id", out_principal->org_id, sizeof(out_principal->org_id));
    fits =
        fits && copy_text(object, "session_id", out_principal->session_id, sizeof(out_principal->session_id));
    fits = fits && copy_text(object, "login", out_principal->login, sizeof(out_principal->login));
    fits = fits && copy_text(object, "side", out_principal->side, sizeof(out_principal->side));
    fits = fits && copy_text(object, "roles", out_principal->roles, sizeof(out_principal->roles));
    fits = fits && copy_text(object, "region", out_principal->region, sizeof(out_principal->region));
    fits = fits && copy_text(object, "certificates", out_principal->certificates,
                             sizeof(out_principal->certificates));
    out_principal->has_totp = json_is_true(json_object_get(object, "has_totp"));
    json_decref(object);
    fits = fits && !rq_json_ran_short(); /* a text may lack a character */
    out_principal->role_bits = rq_roles_parse(out_principal->roles);
    out_principal->known = fits && out_principal->user_id[0];
    return out_principal->known;
}
