/* What a client says that it would take: weighted ranges, and entity tags that it has. */
#include <string.h>
#include <strings.h>

#include "rongqiao/http.h"

static rq_slice trimmed(rq_slice slice)
{
    while (slice.length > 0 && (slice.data[0] == ' ' || slice.data[0] == '\t')) {
        slice.data++;
        slice.length--;
    }
    while (slice.length > 0 && (slice.data[slice.length - 1] == ' ' || slice.data[slice.length - 1] == '\t'))
        slice.length--;
    return slice;
}

/* What stands before `mark`, which is taken off with it; all that is left when there is none. */
static rq_slice take_until(rq_slice *text, char mark)
{
    const char *end = text->length > 0 ? memchr(text->data, mark, text->length) : NULL;
    rq_slice taken = {text->data, end ? (size_t)(end - text->data) : text->length};
    size_t used = taken.length + (end ? 1 : 0);
    *text = (rq_slice){text->data + used, text->length - used};
    return trimmed(taken);
}

/* "0.8" is 800; three digits after the point count. What is no number is 0. */
static int thousandths(rq_slice text)
{
    int value = 0, scale = 1000;
    for (size_t i = 0; i < text.length && scale > 0; i++) {
        if (text.data[i] == '.' && i == 1)
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        value += (text.data[i] - '0') * scale;
        scale /= 10;
    }
    return value > 1000 ? 1000 : value;
}

bool rq_accept_next(rq_slice *list, rq_slice *out_range, int *out_weight)
{
    while (list->length > 0) {
        rq_slice element = take_until(list, ',');
        *out_range = take_until(&element, ';');
        *out_weight = 1000;
        while (element.length > 0) {
            rq_slice parameter = take_until(&element, ';');
            if (parameter.length >= 2 && strncasecmp(parameter.data, "q=", 2) == 0)
                *out_weight = thousandths((rq_slice){parameter.data + 2, parameter.length - 2});
        }
        if (out_range->length > 0)
            return true;
    }
    return false;
}

int rq_accept_weight(rq_slice list, const char *text)
{
    rq_slice range;
    int weight;
    while (rq_accept_next(&list, &range, &weight))
        if (rq_slice_is_nocase(range, text))
            return weight;
    return -1;
}

bool rq_etag_is_named(rq_slice if_none_match, const char *etag)
{
    rq_slice list = if_none_match;
    while (list.length > 0) {
        rq_slice tag = take_until(&list, ',');
        if (tag.length > 2 && memcmp(tag.data, "W/", 2) == 0)
            tag = (rq_slice){tag.data + 2, tag.length - 2};
        if (rq_slice_is(tag, etag) || rq_slice_is(tag, "*"))
            return true;
    }
    return false;
}
