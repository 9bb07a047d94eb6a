/* Values of a JSON document by their paths. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int q2_json_read(const struct q2_text *text, json_t **root, struct q2_error *error) {
  json_error_t problem;
  *root = NULL;
  Q2_TRY(q2_text_plain(text, error));
  *root = json_loadb(text->bytes, text->size, JSON_REJECT_DUPLICATES, &problem);
  if (*root) return Q2_OK;
  return q2_text_fail(text, problem.line > 0 ? problem.line : 0, error, "no JSON: %s", problem.text);
}

struct q2_json q2_json_root(const struct q2_text *text, const json_t *root) {
  return (struct q2_json){.text = text, .value = root};
}

struct q2_json q2_json_member(const struct q2_json *parent, const char *key) {
  struct q2_json member = {.text = parent->text, .value = json_object_get(parent->value, key)};
  snprintf(member.path, sizeof member.path, "%.100s%s%.40s", parent->path, *parent->path ? "." : "", key);
  if (json_is_null(member.value)) member.value = NULL;
  return member;
}

struct q2_json q2_json_element(const struct q2_json *parent, size_t index) {
  struct q2_json element = {.text = parent->text, .value = json_array_get(parent->value, index)};
  snprintf(element.path, sizeof element.path, "%.120s[%zu]", parent->path, index);
  if (json_is_null(element.value)) element.value = NULL;
  return element;
}

/* What a message calls the value. */
static void describe(const json_t *value, char *text, size_t size) {
  switch (value ? (int)json_typeof(value) : -1) {
  case JSON_OBJECT:
    snprintf(text, size, "an object");
    break;
  case JSON_ARRAY:
    snprintf(text, size, "an array of %zu", json_array_size(value));
    break;
  case JSON_STRING:
    snprintf(text, size, "\"%.40s\"", json_string_value(value));
    break;
  case JSON_INTEGER:
  case JSON_REAL:
    snprintf(text, size, "%.10g", json_number_value(value));
    break;
  case JSON_TRUE:
  case JSON_FALSE:
    snprintf(text, size, json_is_true(value) ? "true" : "false");
    break;
  default:
    snprintf(text, size, "nothing");
  }
}

int q2_json_expected(const struct q2_json *json, const char *what, struct q2_error *error) {
  char found[64];
  describe(json->value, found, sizeof found);
  return q2_text_fail(json->text, 0, error, "%s%sexpected %s, found %s", json->path, *json->path ? ": " : "", what, found);
}

int q2_json_real(const struct q2_json *json, const char *what, double *value, struct q2_error *error) {
  if (!json_is_number(json->value)) return q2_json_expected(json, what, error);
  *value = json_number_value(json->value);
  return isfinite(*value) ? Q2_OK : q2_json_expected(json, what, error);
}

int q2_json_integer(const struct q2_json *json, const char *what, int *value, struct q2_error *error) {
  double number = 0;
  Q2_TRY(q2_json_real(json, what, &number, error));
  if (number != floor(number) || fabs(number) > 1e9) return q2_json_expected(json, what, error);
  *value = (int)number;
  return Q2_OK;
}

const char *q2_json_text(const struct q2_json *json) {
  const char *text = json_string_value(json->value);
  return text ? text : "";
}

static int take_reals(const struct q2_json *json, double factor, double *values, struct q2_error *error) {
  const size_t count = json_array_size(json->value);
  for (size_t k = 0; k < count; k++) {
    const json_t *number = json_array_get(json->value, k);
    values[k] = factor * json_number_value(number);
    if (json_is_number(number) && isfinite(values[k])) continue;
    const struct q2_json element = q2_json_element(json, k);
    return q2_json_expected(&element, "a number", error);
  }
  return Q2_OK;
}

int q2_json_reals(const struct q2_json *json, int64_t rows, int64_t columns, double factor, double *values,
                  struct q2_error *error) {
  char what[96];
  const int64_t count = json_is_array(json->value) ? (int64_t)json_array_size(json->value) : -1;
  if (count == rows * columns && !json_is_array(json_array_get(json->value, 0))) return take_reals(json, factor, values, error);
  snprintf(what, sizeof what, "an array of %lld numbers, or of %lld arrays of %lld", (long long)(rows * columns),
           (long long)rows, (long long)columns);
  if (count != rows) return q2_json_expected(json, what, error);
  for (int64_t r = 0; r < rows; r++) {
    const struct q2_json row = q2_json_element(json, (size_t)r);
    snprintf(what, sizeof what, "an array of %lld numbers", (long long)columns);
    if (!json_is_array(row.value) || (int64_t)json_array_size(row.value) != columns) return q2_json_expected(&row, what, error);
    Q2_TRY(take_reals(&row, factor, values + r * columns, error));
  }
  return Q2_OK;
}
