/* The market of a product: the open needs that it serves, and what each of its terms keeps away. For a listed
 * product and for one that is still being written. Numbers only: whose needs they are is told to nobody here.
 */
#include "market.h"

#include "market_desk.h"
#include "worker.h"

/* The engine wants ids and a name; a product that is not kept yet has none. */
static bool complete(json_t *product)
{
    static const char nobody[] = "00000000-0000-4000-8000-000000000000";
    static const char *const keys[] = {"id", "institution_id", "institution_zh"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!json_object_get(product, keys[i]) &&
            json_object_set_new(product, keys[i], json_string(nobody)) != 0)
            return false;
    return true;
}

static rq_step ask(rq_call *call, json_t *product)
{
    rq_error error = {0};
    rq_status status =
        product && complete(product) ? rq_market_ask(call->worker->market, call, product, &error) : RQ_NOMEM;
    json_decref(product);
    if (status == RQ_OK)
        return RQ_STEP_WAIT;
    if (status == RQ_INVALID)
        rq_call_refuse(call, "value_refused", NULL, NULL);
    else
        rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

rq_step rq_market_of_input(rq_call *call)
{
    return ask(call, json_deep_copy(call->input));
}

rq_step rq_market_of_stored(rq_call *call)
{
    return ask(call, json_loads(call->facts, 0, NULL));
}
