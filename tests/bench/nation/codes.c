#include "codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024, COUNTIES_MAX = 4096, CLASSES_MAX = 2048 };

static FILE *open_data(const char *root, const char *name)
{
    char path[LINE_MAX_BYTES];
    (void)snprintf(path, sizeof path, "%s/migrations/data/%s", root, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
    }
    return file;
}

/* A county has a code of its own below a city: not one that ends in 00. */
static bool read_counties(const char *root, codes *all)
{
    FILE *file = open_data(root, "region.csv");
    char line[LINE_MAX_BYTES];
    while (file != NULL && fgets(line, sizeof line, file) != NULL && all->county_count < COUNTIES_MAX) {
        uint32_t code = (uint32_t)strtoul(line, NULL, 10);
        if (code % 100 != 0 && code < 700000 && strstr(line, ",county,") != NULL) {
            all->counties[all->county_count++] = code;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return all->county_count > 1000;
}

/* The second column is the code with its section: a letter and 4 digits for a class, 2 for a division. */
static bool read_industries(const char *root, codes *all)
{
    FILE *file = open_data(root, "industry.csv");
    char line[LINE_MAX_BYTES];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *code = strchr(line, ',');
        size_t length = code != NULL ? strcspn(code + 1, ",") : 0;
        if (length == 5 && all->class_count < CLASSES_MAX) {
            memcpy(all->classes[all->class_count++], code + 1, length);
        } else if (length == 3 && all->division_count < CLASSES_MAX) {
            memcpy(all->divisions[all->division_count++], code + 1, length);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return all->class_count > 1000 && all->division_count > 50;
}

bool codes_read(const char *root, codes *out_codes)
{
    *out_codes = (codes){.counties = calloc(COUNTIES_MAX, sizeof(uint32_t)),
                         .classes = calloc(CLASSES_MAX, sizeof(char[8])),
                         .divisions = calloc(CLASSES_MAX, sizeof(char[8]))};
    bool is_read = out_codes->counties != NULL && out_codes->classes != NULL &&
                   out_codes->divisions != NULL && read_counties(root, out_codes) &&
                   read_industries(root, out_codes);
    if (!is_read) {
        (void)fprintf(stderr, "bench: %s/migrations/data is not as expected\n", root);
    }
    return is_read;
}

void codes_free(codes *all)
{
    free(all->counties);
    free(all->classes);
    free(all->divisions);
}
