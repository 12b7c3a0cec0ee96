#include "open_needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

enum { ID_BYTES = 16 };

/* What one reading gave. */
typedef struct reading {
    rq_demand *demand;
    uint8_t (*ids)[ID_BYTES]; /* by the needs' numbers */
    size_t count, room;
    int64_t read_at_ms, as_of_ms;
} reading;

struct rq_open_needs {
    const char *conninfo;
    int64_t refresh_ms;
    PGconn *connection;
    reading current;
};

/* ---- ids ---- */

static void pack_id(const char *text, uint8_t out[ID_BYTES])
{
    size_t digits = 0;
    memset(out, 0, ID_BYTES);
    for (; *text && digits < (size_t)2 * ID_BYTES; text++) {
        if (*text == '-')
            continue;
        unsigned value = *text <= '9' ? (unsigned)(*text - '0') : (unsigned)((*text | 0x20) - 'a' + 10);
        out[digits / 2] = (uint8_t)((unsigned)out[digits / 2] << 4 | (value & 15));
        digits++;
    }
}

void rq_open_needs_id(const rq_open_needs *needs, uint32_t number, char out_id[RQ_UUID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *id = needs->current.ids[number];
    char *out = out_id;
    for (size_t i = 0; i < ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[id[i] >> 4];
        *out++ = digits[id[i] & 15];
    }
    *out = 0;
}

static bool make_room(reading *into)
{
    if (into->count < into->room)
        return true;
    size_t room = into->room * 2 + RQ_LIMIT_MARKET_PAGE;
    uint8_t(*grown)[ID_BYTES] = realloc(into->ids, room * sizeof(*grown));
    if (!grown)
        return false;
    into->ids = grown;
    into->room = room;
    return true;
}

/* ---- reading ---- */

static void add_need(reading *into, const char *id, const char *input)
{
    rq_need need;
    rq_error error = {0};
    json_t *document = json_loads(input, 0, NULL);
    bool is_added = document && make_room(into) && rq_need_decode(document, &need, &error) == RQ_OK &&
                    rq_demand_add(into->demand, &need, &error) == RQ_OK;
    json_decref(document);
    if (is_added)
        pack_id(id, into->ids[into->count++]);
    else
        RQ_LOG(RQ_LOG_ERROR, "need_not_counted", RQ_LOG_TEXT("need", id),
               RQ_LOG_TEXT("reason", error.message));
}

/* One page after `after`, which becomes the last id read; false when it could not be read. */
static bool add_page(rq_open_needs *needs, reading *into, char after[RQ_UUID_TEXT + 1], bool *out_more)
{
    char limit[16];
    (void)snprintf(limit, sizeof(limit), "%d", RQ_LIMIT_MARKET_PAGE);
    const char *const parameters[] = {after[0] ? after : NULL, limit};
    PGresult *page =
        rq_run_as_system(&needs->connection, needs->conninfo, "market/open-needs", parameters, 2);
    int count = page ? PQntuples(page) : 0;
    for (int row = 0; row < count; row++) {
        add_need(into, PQgetvalue(page, row, 0), PQgetvalue(page, row, 1));
        (void)snprintf(after, RQ_UUID_TEXT + 1, "%s", PQgetvalue(page, row, 0));
    }
    *out_more = count == RQ_LIMIT_MARKET_PAGE;
    PQclear(page);
    return page != NULL;
}

static void forget(reading *one)
{
    rq_demand_free(one->demand);
    free(one->ids);
    *one = (reading){0};
}

static bool read_all(rq_open_needs *needs, reading *out)
{
    char after[RQ_UUID_TEXT + 1] = "";
    bool more = true;
    *out = (reading){.read_at_ms = rq_monotonic_ms(), .as_of_ms = rq_wall_ms()};
    bool is_read = rq_demand_new(&out->demand, NULL) == RQ_OK;
    while (is_read && more)
        is_read = add_page(needs, out, after, &more);
    if (is_read && rq_demand_seal(out->demand, NULL) == RQ_OK)
        return true;
    forget(out);
    return false;
}

bool rq_open_needs_refresh(rq_open_needs *needs)
{
    reading next;
    if (needs->current.demand && rq_monotonic_ms() - needs->current.read_at_ms < needs->refresh_ms)
        return true;
    if (!read_all(needs, &next))
        return false;
    forget(&needs->current);
    needs->current = next;
    RQ_LOG(RQ_LOG_INFO, "market_read", RQ_LOG_NUMBER("needs", rq_demand_size(next.demand)),
           RQ_LOG_NUMBER("took_ms", rq_monotonic_ms() - next.read_at_ms));
    return true;
}

const rq_demand *rq_open_needs_demand(const rq_open_needs *needs)
{
    return needs->current.demand;
}

int64_t rq_open_needs_as_of_ms(const rq_open_needs *needs)
{
    return needs->current.as_of_ms;
}

int64_t rq_open_needs_read_at_ms(const rq_open_needs *needs)
{
    return needs->current.read_at_ms;
}

/* ---- life ---- */

rq_open_needs *rq_open_needs_new(const char *conninfo, int64_t refresh_ms)
{
    rq_open_needs *needs = calloc(1, sizeof(*needs));
    if (needs) {
        needs->conninfo = conninfo;
        needs->refresh_ms = refresh_ms;
    }
    return needs;
}

void rq_open_needs_free(rq_open_needs *needs)
{
    if (!needs)
        return;
    forget(&needs->current);
    if (needs->connection)
        PQfinish(needs->connection);
    free(needs);
}
