#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "call.h"

enum { DEPTH_SHOWN = 8, KEY_SHOWN = 64 };

/* One open object or array on the way to the place. */
typedef struct level {
    bool is_array;
    size_t index;
    char key[KEY_SHOWN + 1];
} level;

/* The end of the string that begins at `at` (its opening quote), or `end`. */
static size_t skip_string(const char *text, size_t at, size_t end)
{
    for (at++; at < end && text[at] != '"'; at++)
        if (text[at] == '\\')
            at++;
    return at < end ? at : end;
}

/* Keeps a key's plain characters; what a pointer or JSON text would have to escape is left out. */
static void keep_key(level *top, const char *text, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length && kept < KEY_SHOWN; i++)
        if ((unsigned char)text[i] > 0x20 && text[i] != '"' && text[i] != '\\' && text[i] != '~' &&
            text[i] != '/' && (unsigned char)text[i] < 0x80)
            top->key[kept++] = text[i];
    top->key[kept] = 0;
}

const char *rq_json_pointer_at(rq_arena *arena, const char *text, size_t position, size_t length)
{
    level levels[DEPTH_SHOWN];
    size_t depth = 0;
    size_t end = position < length ? position : length;
    char out[DEPTH_SHOWN * (KEY_SHOWN + 1) + 1] = "";
    size_t written = 0;
    for (size_t at = 0; text && at < end; at++) {
        level *top = depth > 0 && depth <= DEPTH_SHOWN ? &levels[depth - 1] : NULL;
        switch (text[at]) {
        case '{':
        case '[':
            if (depth < DEPTH_SHOWN)
                levels[depth] = (level){.is_array = text[at] == '['};
            depth++;
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            break;
        case ',':
            if (top && top->is_array)
                top->index++;
            else if (top)
                top->key[0] = 0;
            break;
        case '"': {
            size_t stop = skip_string(text, at, length);
            if (top && !top->is_array && !top->key[0])
                keep_key(top, text + at + 1, stop - at - 1);
            at = stop;
            break;
        }
        default:
            break;
        }
    }
    for (size_t i = 0; i < depth && i < DEPTH_SHOWN; i++) {
        if (levels[i].is_array)
            written += (size_t)snprintf(out + written, sizeof(out) - written, "/%zu", levels[i].index);
        else if (levels[i].key[0])
            written += (size_t)snprintf(out + written, sizeof(out) - written, "/%s", levels[i].key);
    }
    const char *copy = rq_arena_strndup(arena, out, written);
    return copy ? copy : "";
}
