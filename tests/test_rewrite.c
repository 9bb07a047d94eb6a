/* Numbers put back into a text: what changes, what stays byte for byte, what is refused. */
#include <stdlib.h>
#include <string.h>

#include "../io/formats/rewrite.h"
#include "check.h"

static const char before[] = " 1  C3 - C3                1.5247     4.4900     0.0000  0000\r\n"
                             "C -H   340.0  1.09 ! text\n"
                             "x 1.5D-03 7\n"
                             "k     180\n"
                             "last  -0.5";

static void check_one(int line, int column, int width, double value, const char *expected_line, const char *refusal) {
  struct q2_text text, after;
  struct q2_error error = {""};
  char *bytes = NULL;
  size_t size = 0;
  const struct q2_number_place place = {line, column, width, value, "bond_k 7 C3-C3"};
  CHECK(q2_text_from_bytes("a.fld", before, strlen(before), &text, &error) == Q2_OK);
  const int status = q2_rewrite_numbers(&text, &place, 1, &bytes, &size, &error);
  if (refusal) {
    CHECK(status == Q2_FAILED && strstr(error.text, refusal) && strstr(error.text, "a.fld") != NULL, "%s", error.text);
    CHECK(bytes == NULL);
  } else {
    CHECK(status == Q2_OK && size == strlen(before), "%s", error.text);
    if (status == Q2_OK && q2_text_from_bytes("b.fld", bytes, size, &after, &error) == Q2_OK) {
      CHECK(strcmp(after.line[line - 1], expected_line) == 0, "'%s', expected '%s'", after.line[line - 1], expected_line);
      for (int n = 1; n <= text.line_count; n++)
        if (n != line) CHECK(strcmp(after.line[n - 1], text.line[n - 1]) == 0, "line %d", n);
      CHECK(strstr(bytes, "0000\r\nC -H") != NULL);
      q2_text_free(&after);
    }
  }
  free(bytes);
  q2_text_free(&text);
}

/* The columns of MM3*: ten a field, the number at their end. */
static void test_fixed_columns(void) {
  check_one(1, 23, 10, 1.6, " 1  C3 - C3                1.6000     4.4900     0.0000  0000", NULL);
  check_one(1, 23, 10, 1.6123456789123, " 1  C3 - C3            1.61234568     4.4900     0.0000  0000", NULL);
  check_one(1, 34, 10, -21.9462, " 1  C3 - C3                1.5247   -21.9462     0.0000  0000", NULL);
  check_one(1, 34, 10, -21.94621234567, " 1  C3 - C3                1.5247 -21.946212     0.0000  0000", NULL);
  check_one(1, 34, 10, 4.49, " 1  C3 - C3                1.5247     4.4900     0.0000  0000", NULL);
  check_one(1, 34, 10, 4.49 * (1 + 1e-14), " 1  C3 - C3                1.5247     4.4900     0.0000  0000", NULL);
  check_one(1, 45, 10, -1e-9, " 1  C3 - C3                1.5247     4.4900 0.00000000  0000", NULL);
  check_one(1, 34, 10, 123456.7891, NULL, "does not fit");
  check_one(1, 34, 6, 4.5, NULL, "no number stands");
  check_one(1, 34, 16, 4.5, NULL, "no number stands");
  check_one(1, 34, 10, NAN, NULL, "not finite");
  check_one(9, 34, 10, 1.0, NULL, "a file of 5 lines");
  check_one(5, 4, 7, 1.0, NULL, "no field");
}

static void test_free_columns(void) {
  check_one(2, 6, 8, 345.25, "C -H  345.25  1.09 ! text", NULL);
  check_one(2, 6, 7, 345.1212, "C -H  345.12  1.09 ! text", NULL);
  check_one(2, 5, 9, 345.121234, "C -H 345.121  1.09 ! text", NULL);
  check_one(3, 2, 7, 2.25, NULL, "lose digits");
  check_one(3, 2, 7, 2.5e-3, "x 2.5D-03 7", NULL);
  check_one(4, 6, 3, 179.6, NULL, "lose digits");
  check_one(4, 6, 3, 179, "k     179", NULL);
  check_one(4, 2, 7, 179.6, "k   179.6", NULL);
  check_one(5, 5, 5, -0.75, "last -0.75", NULL);
  check_one(5, 5, 5, -0.753, NULL, "lose digits");
}

static void check_free(const char *line, int column, int width, int begin, int end) {
  int32_t c = column, w = width;
  q2_free_field(line, &c, &w);
  CHECK(c == begin && c + w == end, "%s: %d to %d, expected %d to %d", line, c, c + w, begin, end);
}

static void test_free_fields(void) {
  check_free("bond  1  2   340.0   1.09", 13, 5, 11, 20);
  check_free("bond 340.0", 5, 5, 5, 10);
  check_free("   340.0   ", 3, 5, 0, 11);
  check_free("a\t \t3 b", 4, 1, 2, 5);
}

/* Two parameters of one field must agree. */
static void test_same_place(void) {
  struct q2_text text;
  struct q2_error error = {""};
  char *bytes;
  size_t size;
  struct q2_number_place places[3] = {{1, 34, 10, 5.0, "one"}, {1, 23, 10, 1.25, "two"}, {1, 34, 10, 5.0, "three"}};
  CHECK(q2_text_from_bytes("a.fld", before, strlen(before), &text, &error) == Q2_OK);
  CHECK(q2_rewrite_numbers(&text, places, 3, &bytes, &size, &error) == Q2_OK, "%s", error.text);
  CHECK(strstr(bytes, "1.2500     5.0000     0.0000") != NULL);
  free(bytes);
  places[2].value = 5.5;
  CHECK(q2_rewrite_numbers(&text, places, 3, &bytes, &size, &error) == Q2_FAILED && strstr(error.text, "same field") != NULL,
        "%s", error.text);
  places[2] = (struct q2_number_place){1, 30, 10, 5.0, "three"};
  CHECK(q2_rewrite_numbers(&text, places, 3, &bytes, &size, &error) == Q2_FAILED);
  q2_text_free(&text);
}

int main(void) {
  test_fixed_columns();
  test_free_columns();
  test_free_fields();
  test_same_place();
  return check_result();
}
