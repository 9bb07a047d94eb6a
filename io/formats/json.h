/* Values of a JSON document by their paths, and messages that name them ("molecule.geometry[5]"). */
#ifndef Q2_JSON_H
#define Q2_JSON_H

#include <jansson.h>

#include "text.h"

enum { Q2_JSON_PATH = 160 };

/* A value and where it is. */
struct q2_json {
  const struct q2_text *text;
  const json_t *value; /* NULL: there is none (or null, which counts as none) */
  char path[Q2_JSON_PATH];
};

/* Reads the document of `text` into *root, to be released with json_decref. Refused with the line: what is no JSON (NaN, bytes
 * 0, what follows the value), keys that stand twice, numbers that no double holds, nesting deeper than jansson's limit.
 * Memory: some 16 times the text at worst, an array of small numbers. */
int q2_json_read(const struct q2_text *text, json_t **root, struct q2_error *error);

/* The document's outermost value. */
struct q2_json q2_json_root(const struct q2_text *text, const json_t *root);

/* A member of an object, an element of an array: without value where there is none, or `parent` is of another kind. */
struct q2_json q2_json_member(const struct q2_json *parent, const char *key);
struct q2_json q2_json_element(const struct q2_json *parent, size_t index);

/* "PATH: expected `what`, found a string" (or "nothing"); returns Q2_FAILED. */
int q2_json_expected(const struct q2_json *json, const char *what, struct q2_error *error);

/* Takes a number, a whole number (2 or 2.0); fails where it is something else. */
int q2_json_real(const struct q2_json *json, const char *what, double *value, struct q2_error *error);
int q2_json_integer(const struct q2_json *json, const char *what, int *value, struct q2_error *error);

/* The text of a string, or "" for anything else. */
const char *q2_json_text(const struct q2_json *json);

/* Takes rows x columns numbers, times `factor`, from an array that is flat or has an array for each row. */
int q2_json_reals(const struct q2_json *json, int64_t rows, int64_t columns, double factor, double *values,
                  struct q2_error *error);

#endif
