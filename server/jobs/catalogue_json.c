/* The catalogue as PostgreSQL keeps it (catalogue/load.sql) -> a snapshot of the engine. */
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/jobs.h"
#include "rongqiao/log.h"

enum { LOAD_ARENA = 1 << 30 };

/* Decodes the online products and programmes; what does not decode is left out and logged. */
static size_t decode_products(const json_t *list, rq_arena *arena, rq_product *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        rq_error error = {0};
        if (rq_product_decode(json_array_get(list, i), arena, &out[count], &error) == RQ_OK)
            count++;
        else
            RQ_LOG(
                RQ_LOG_ERROR, "product_not_decoded",
                RQ_LOG_TEXT("product_id", json_string_value(json_object_get(json_array_get(list, i), "id"))),
                RQ_LOG_TEXT("reason", error.message));
    }
    return count;
}

static size_t decode_programmes(const json_t *list, rq_arena *arena, rq_programme *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        rq_error error = {0};
        if (rq_programme_decode(json_array_get(list, i), arena, &out[count], &error) == RQ_OK)
            count++;
        else
            RQ_LOG(RQ_LOG_ERROR, "programme_not_decoded",
                   RQ_LOG_TEXT("programme_id",
                               json_string_value(json_object_get(json_array_get(list, i), "id"))),
                   RQ_LOG_TEXT("reason", error.message));
    }
    return count;
}

static int32_t number(const json_t *object, const char *key)
{
    return (int32_t)json_integer_value(json_object_get(object, key));
}

static rq_weights decode_weights(const json_t *w)
{
    return (rq_weights){.version = number(w, "version"),
                        .cost = number(w, "cost"),
                        .likelihood = number(w, "likelihood"),
                        .speed = number(w, "speed"),
                        .fit = number(w, "fit"),
                        .service = number(w, "service"),
                        .prior_ppm = number(w, "prior_ppm"),
                        .prior_weight = number(w, "prior_weight"),
                        .cost_cap_ppm = number(w, "cost_cap_ppm"),
                        .hours_cap = number(w, "hours_cap"),
                        .per_institution = number(w, "per_institution")};
}

rq_status rq_catalogue_from_json(const json_t *document, rq_catalogue **out_catalogue, rq_error *error)
{
    const json_t *products = json_object_get(document, "products"),
                 *programmes = json_object_get(document, "programmes");
    const json_t *lpr = json_object_get(document, "lpr");
    const char *lpr_date = json_string_value(json_object_get(lpr, "published_on"));
    rq_arena *arena = rq_arena_new(LOAD_ARENA);
    rq_product *product_rows =
        arena ? rq_arena_array(arena, json_array_size(products) + 1, sizeof(rq_product)) : NULL;
    rq_programme *programme_rows =
        arena ? rq_arena_array(arena, json_array_size(programmes) + 1, sizeof(rq_programme)) : NULL;
    rq_status status = RQ_NOMEM;
    if (product_rows && programme_rows) {
        rq_catalogue_input input = {
            .version = json_integer_value(json_object_get(document, "version")),
            .lpr_1y_ppm = number(lpr, "lpr_1y_ppm"),
            .lpr_5y_ppm = number(lpr, "lpr_5y_ppm"),
            .weights = decode_weights(json_object_get(document, "weights")),
            .products = product_rows,
            .programmes = programme_rows,
        };
        if (lpr_date && !rq_date_parse(lpr_date, strlen(lpr_date), &input.lpr_date))
            input.lpr_date = 0;
        input.product_count = decode_products(products, arena, product_rows);
        input.programme_count = decode_programmes(programmes, arena, programme_rows);
        status = rq_catalogue_new(&input, out_catalogue, error);
    }
    rq_arena_free(arena);
    return status;
}

/* The ids of products that are gone, and after them of those that do not decode: neither is in the snapshot.
 */
static size_t read_gone(const json_t *gone, char (*out)[RQ_UUID_TEXT + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(gone); i++) {
        const char *id = json_string_value(json_array_get(gone, i));
        if (id && strlen(id) == RQ_UUID_TEXT)
            memcpy(out[count++], id, RQ_UUID_TEXT + 1);
    }
    return count;
}

static size_t read_undecoded(const json_t *products, const rq_product *decoded, size_t decoded_count,
                             char (*out)[RQ_UUID_TEXT + 1])
{
    size_t count = 0;
    for (size_t i = 0, next = 0; i < json_array_size(products); i++) {
        const char *id = json_string_value(json_object_get(json_array_get(products, i), "id"));
        if (next < decoded_count && id && strcmp(decoded[next].id, id) == 0)
            next++;
        else if (id && strlen(id) == RQ_UUID_TEXT)
            memcpy(out[count++], id, RQ_UUID_TEXT + 1);
    }
    return count;
}

rq_status rq_catalogue_changed_by_json(const rq_catalogue *old, const json_t *document,
                                       rq_catalogue **out_catalogue, rq_error *error)
{
    const json_t *products = json_object_get(document, "products"), *gone = json_object_get(document, "gone"),
                 *programmes = json_object_get(document, "programmes");
    rq_arena *arena = rq_arena_new(LOAD_ARENA);
    size_t room = json_array_size(products) + 1, gone_room = room + json_array_size(gone);
    rq_product *product_rows = arena ? rq_arena_array(arena, room, sizeof(rq_product)) : NULL;
    rq_programme *programme_rows =
        arena ? rq_arena_array(arena, json_array_size(programmes) + 1, sizeof(rq_programme)) : NULL;
    char(*removed)[RQ_UUID_TEXT + 1] = arena ? rq_arena_array(arena, gone_room, sizeof *removed) : NULL;
    rq_status status = RQ_NOMEM;
    if (product_rows && programme_rows && removed) {
        rq_catalogue_changes changes = {.version = json_integer_value(json_object_get(document, "version")),
                                        .changed = product_rows,
                                        .removed = (const char(*)[RQ_UUID_TEXT + 1]) removed,
                                        .has_programmes = json_is_array(programmes),
                                        .programmes = programme_rows};
        changes.changed_count = decode_products(products, arena, product_rows);
        changes.removed_count = read_gone(gone, removed);
        changes.removed_count +=
            read_undecoded(products, product_rows, changes.changed_count, removed + changes.removed_count);
        changes.programme_count = decode_programmes(programmes, arena, programme_rows);
        status = rq_catalogue_update(old, &changes, out_catalogue, error);
    }
    rq_arena_free(arena);
    return status;
}
