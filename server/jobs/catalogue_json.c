/* The catalogue as PostgreSQL keeps it (sql/catalogue) -> snapshots of the engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/jobs.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

#define LOAD_ARENA ((size_t)8 << 30)

/* What does not decode is left out and logged. */
static bool decode_product(const json_t *document, rq_arena *arena, rq_product *out)
{
    rq_error error = {0};
    if (rq_product_decode(document, arena, out, &error) == RQ_OK)
        return true;
    RQ_LOG(RQ_LOG_ERROR, "product_not_decoded",
           RQ_LOG_TEXT("product_id", json_string_value(json_object_get(document, "id"))),
           RQ_LOG_TEXT("reason", error.message));
    return false;
}

static size_t decode_products(const json_t *list, rq_arena *arena, rq_product *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        count += decode_product(json_array_get(list, i), arena, &out[count]);
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

/* ---- as a whole ---- */

typedef struct loader {
    PGconn **connection;
    const char *conninfo;
    json_t *frame;
    rq_arena *arena;
    rq_product *products;
    size_t count, room;
} loader;

static bool make_room(loader *self, size_t more)
{
    if (self->count + more <= self->room)
        return true;
    size_t room = 2 * self->room + more;
    rq_product *products = realloc(self->products, room * sizeof(*products));
    if (!products)
        return false;
    self->products = products;
    self->room = room;
    return true;
}

/* A document with the record of its institution for its kind. */
static json_t *with_record(const loader *self, const char *text)
{
    char key[RQ_UUID_TEXT + 64];
    json_t *document = json_loads(text, 0, NULL);
    const char *institution = json_string_value(json_object_get(document, "institution_id"));
    const char *kind = json_string_value(json_object_get(document, "kind"));
    (void)snprintf(key, sizeof(key), "%s/%s", institution ? institution : "", kind ? kind : "");
    json_t *record = json_object_get(json_object_get(self->frame, "records"), key);
    if (document && record)
        json_object_set(document, "record", record);
    return document;
}

/* One page after `after`, which becomes the last id read. */
static rq_status load_page(loader *self, const char *version, char after[RQ_UUID_TEXT + 1], bool *out_more)
{
    char limit[16];
    (void)snprintf(limit, sizeof(limit), "%d", RQ_LIMIT_CATALOGUE_PAGE);
    const char *const parameters[] = {version, after, limit};
    PGresult *page = rq_run_as_system(self->connection, self->conninfo, "catalogue/products", parameters, 3);
    int count = page ? PQntuples(page) : 0;
    rq_status status = !page ? RQ_IO : make_room(self, (size_t)count) ? RQ_OK : RQ_NOMEM;
    for (int row = 0; row < count && status == RQ_OK; row++) {
        json_t *document = with_record(self, PQgetvalue(page, row, 1));
        self->count += decode_product(document, self->arena, &self->products[self->count]);
        json_decref(document);
        (void)snprintf(after, RQ_UUID_TEXT + 1, "%s", PQgetvalue(page, row, 0));
    }
    *out_more = count == RQ_LIMIT_CATALOGUE_PAGE;
    PQclear(page);
    return status;
}

static rq_status load_products(loader *self)
{
    char version[24], after[RQ_UUID_TEXT + 1] = "00000000-0000-0000-0000-000000000000";
    bool more = true;
    rq_status status = RQ_OK;
    (void)snprintf(version, sizeof(version), "%lld",
                   (long long)json_integer_value(json_object_get(self->frame, "version")));
    while (more && status == RQ_OK)
        status = load_page(self, version, after, &more);
    return status;
}

static rq_status build(loader *self, rq_catalogue **out_catalogue, rq_error *error)
{
    const json_t *programmes = json_object_get(self->frame, "programmes"),
                 *lpr = json_object_get(self->frame, "lpr");
    const char *lpr_date = json_string_value(json_object_get(lpr, "published_on"));
    rq_programme *programme_rows =
        rq_arena_array(self->arena, json_array_size(programmes) + 1, sizeof(rq_programme));
    if (!programme_rows)
        return RQ_NOMEM;
    rq_catalogue_input input = {
        .version = json_integer_value(json_object_get(self->frame, "version")),
        .lpr_1y_ppm = number(lpr, "lpr_1y_ppm"),
        .lpr_5y_ppm = number(lpr, "lpr_5y_ppm"),
        .weights = rq_weights_decode(json_object_get(self->frame, "weights")),
        .products = self->products,
        .product_count = self->count,
        .programmes = programme_rows,
        .programme_count = decode_programmes(programmes, self->arena, programme_rows),
    };
    if (lpr_date && !rq_date_parse(lpr_date, strlen(lpr_date), &input.lpr_date))
        input.lpr_date = 0;
    return rq_catalogue_new(&input, out_catalogue, error);
}

rq_status rq_catalogue_load(PGconn **connection, const char *conninfo, const char *version,
                            rq_catalogue **out_catalogue, rq_error *error)
{
    loader self = {.connection = connection, .conninfo = conninfo, .arena = rq_arena_new(LOAD_ARENA)};
    PGresult *result = rq_run_as_system(connection, conninfo, "catalogue/frame", &version, 1);
    if (result && PQntuples(result) == 1)
        self.frame = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
    PQclear(result);
    rq_status status = self.frame && self.arena ? RQ_OK
                                                : rq_fail(error, RQ_IO, "cannot read catalogue version %.20s",
                                                          version ? version : "of now");
    if (status == RQ_OK)
        status = load_products(&self);
    if (status == RQ_OK)
        status = build(&self, out_catalogue, error);
    json_decref(self.frame);
    rq_arena_free(self.arena);
    free(self.products);
    return status;
}

/* ---- what changed ---- */

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
