/* Claim: xyz files, plain Hessians and numpy arrays give the numbers that are in them; damaged ones are refused by line. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "damage.h"

static void check_hessian(const struct q2_molecule_record *record, const char *format) {
  CHECK(record->atom_count == 3 && record->hessian && !record->element);
  for (int i = 0, k = 0; i < SAMPLE_N; i++)
    for (int j = 0; j <= i; j++, k++)
      CHECK(record->hessian[k] == sample_number(format, sample_hessian(i, j)), "element %d: %.17g", k, record->hessian[k]);
}

static void test_xyz(void) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_xyz(&sample, 2);
  read_whole("xyz", &sample, 2, &list);
  for (int f = 0; f < 2; f++) {
    const struct q2_molecule_record *record = &list.record[f];
    CHECK(strcmp(record->name, f ? "frame 2" : "frame 1") == 0 && record->atom_count == 3 && record->bond_count == -1);
    for (int a = 0; a < 3; a++)
      CHECK(record->element[a] == sample_element[a]);
    for (int k = 0; k < SAMPLE_N; k++)
      CHECK(record->position[k] == sample_position[k] + (k % 3 == 0) * f);
  }
  CHECK(list.record[1].line == 6);
  q2_molecule_list_free(&list);
  check_damaged("xyz", &sample, 20, CUT_LEAVES_PARTS);
  check_refused_with("xyz", &sample, "3\nframe 1", "1000000000\nframe 1", "sample:1: expected 1 to 20000 atoms");
  check_refused_with("xyz", &sample, "3\nframe 1", "-3\nframe 1", "sample:1: expected 1 to 20000 atoms, found -3");
  check_refused_with("xyz", &sample, "3\nframe 1", "0\nframe 1", "found 0");
  check_refused_with("xyz", &sample, "3\nframe 1", "4\nframe 1", "sample:6: expected an element and three coordinates");
  check_refused_with("xyz", &sample, "3\nframe 1", "2\nframe 1", "sample:5: expected the number of atoms alone");
  check_refused_with("xyz", &sample, "3\nframe 2", "9\nframe 2", "sample:6: the file ends after 3 of 9 atoms");
  check_refused_with("xyz", &sample, "\nh ", "\nXx ", "sample:4: expected an element, found \"Xx\"");
  check_refused_with("xyz", &sample, "3\nframe 1", "\n\n3 3\nframe 1", "sample:3: expected the number of atoms alone");
  sample_free(&sample);
  check_refused("xyz", &(struct sample){.text = "", .size = 0}, "sample: expected the number of atoms, found an empty file");
}

static void test_extended_xyz(void) {
  struct sample sample = {0};
  struct q2_molecule_list list;
  sample_print(&sample, "1\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=id:I:1:pos:R:3:species:S:1:forces:R:3 pbc=\"T T T\"\n");
  sample_print(&sample, "7 1.5 2.5 -3.5 Fe 0.1 0.2 0.3\n");
  read_whole("xyz", &sample, 1, &list);
  CHECK(list.record[0].element[0] == 26 && list.record[0].position[2] == -3.5 && list.record[0].name[0] == '\0');
  q2_molecule_list_free(&list);
  check_refused_with("xyz", &sample, "species", "kind", "sample:2: expected species:S:1 and pos:R:3 in Properties");
  check_refused_with("xyz", &sample, ":R:3:", ":R:999:", "expected NAME:TYPE:COLUMNS");
  sample_free(&sample);
}

static void test_matrices(void) {
  struct sample sample = {0}, upper = {0};
  struct q2_molecule_list list;
  sample_square(&sample);
  read_whole("hessian", &sample, 1, &list);
  check_hessian(&list.record[0], "%15.6E");
  q2_molecule_list_free(&list);
  check_damaged("hessian", &sample, 81, CUT_LEAVES_LESS);
  char number[32];
  snprintf(number, sizeof number, "%15.6E", sample_hessian(1, 0));
  check_refused_with("hessian", &sample, number, "   1.5", "sample:2: the Hessian is not symmetric: element (2, 1)");
  check_refused_with("hessian", &sample, "\n", "\n 1.0 ", "expected the (3N)^2 numbers of a Hessian");
  sample_free(&sample);

  sample_triangle(&sample);
  read_whole("hessian", &sample, 1, &list);
  check_hessian(&list.record[0], "%15.6E");
  q2_molecule_list_free(&list);
  check_damaged("hessian", &sample, 45, CUT_LEAVES_LESS);
  sample_free(&sample);

  for (int i = 0; i < SAMPLE_N; i++)
    for (int j = i; j < SAMPLE_N; j++)
      sample_print(&upper, "%15.6E%s", sample_hessian(i, j), j == SAMPLE_N - 1 ? "\n" : "");
  read_whole("hessian", &upper, 1, &list);
  check_hessian(&list.record[0], "%15.6E");
  q2_molecule_list_free(&list);
  sample_free(&upper);
}

/* 41,616 numbers are a square of 68 atoms or a triangle of 96: symmetry tells. */
static void test_ambiguous_count(void) {
  for (int triangle = 0; triangle < 2; triangle++) {
    struct sample sample = {0};
    struct q2_molecule_list list;
    const int n = triangle ? 288 : 204;
    int written = 0;
    for (int i = 0; i < n; i++)
      for (int j = 0; j < (triangle ? i + 1 : n); j++)
        sample_print(&sample, " %.6f%s", sample_hessian(i, j), ++written % 4 == 0 ? "\n" : "");
    read_whole("hessian", &sample, 1, &list);
    CHECK(list.record[0].atom_count == n / 3, "%d atoms", list.record[0].atom_count);
    CHECK(list.record[0].hessian[4] == sample_number("%.6f", sample_hessian(2, 1)));
    q2_molecule_list_free(&list);
    sample_free(&sample);
  }
}

static void check_npy_cut(const struct sample *sample) {
  struct q2_molecule_list list;
  struct q2_error error;
  for (size_t size = 0; size < sample->size; size++) {
    char *copy = malloc(size + 1);
    if (!copy) abort();
    memcpy(copy, sample->text, size);
    CHECK(read_sample("npy", copy, size, &list, &error) == Q2_FAILED && strncmp(error.text, "sample:", 7) == 0,
          "cut after %zu bytes: \"%s\"", size, error.text);
    q2_molecule_list_free(&list);
    free(copy);
  }
}

/* The first `old` of the file becomes `new`, of the same length: check_refused_with is for text. */
static void check_npy_refused(const char *old, const char *new, const char *expected) {
  struct sample sample = {0};
  sample_npy(&sample, 1, 8, 0);
  char *at = strstr(sample.text + 10, old);
  CHECK(at != NULL, "no \"%s\"", old);
  if (at) memcpy(at, new, strlen(new));
  check_refused("npy", &sample, expected);
  sample_free(&sample);
}

static void test_npy(void) {
  struct q2_molecule_list list;
  for (int version = 1; version <= 3; version++)
    for (int k = 0; k < 4; k++) {
      struct sample sample = {0};
      const int width = k & 1 ? 4 : 8;
      sample_npy(&sample, version, width, k & 2);
      read_whole("npy", &sample, 1, &list);
      for (int i = 0, e = 0; i < SAMPLE_N; i++)
        for (int j = 0; j <= i; j++, e++)
          CHECK(list.record[0].hessian[e] == (width == 8 ? sample_hessian(i, j) : (double)(float)sample_hessian(i, j)));
      q2_molecule_list_free(&list);
      check_npy_cut(&sample);
      sample_bytes(&sample, "", 1);
      check_refused("npy", &sample, "expected 81 numbers of");
      sample_free(&sample);
    }
  check_npy_refused("'<f8'", "'>f8'", "expected numbers of type '<f8' or '<f4'");
  check_npy_refused("'<f8'", "'<i8'", "expected numbers of type");
  check_npy_refused("(9, 9)", "(9, 8)", "expected the shape (3N, 3N)");
  check_npy_refused("(9, 9), }", "(8, 8), }", "expected the shape (3N, 3N) of 1 to 20000 atoms, found (8, 8)");
  check_npy_refused("(9, 9), }", "(6, 6), }", "expected 36 numbers of 8 bytes");
  check_npy_refused("(9, 9), }     ", "(99999, 99999)", "of 1 to 20000 atoms, found (99999, 99999)");
  check_npy_refused("(9, 9), }   ", "(9, 9, 9), }", "expected the shape");
  check_npy_refused("'shape'", "'forms'", "expected a header with descr");
}

/* Not a number and not symmetric, in row 1, column 2. */
static void test_npy_values(void) {
  static const unsigned char not_a_number[8] = {0, 0, 0, 0, 0, 0, 0xf8, 0x7f}, four[8] = {0, 0, 0, 0, 0, 0, 0x10, 0x40};
  struct sample sample = {0};
  sample_npy(&sample, 1, 8, 0);
  memcpy(sample.text + 128 + 8, not_a_number, 8);
  check_refused("npy", &sample, "sample: expected numbers, found nan in row 1, column 2");
  memcpy(sample.text + 128 + 8, four, 8);
  check_refused("npy", &sample, "sample: the Hessian is not symmetric: element (2, 1)");
  sample_free(&sample);
}

int main(void) {
  test_xyz();
  test_extended_xyz();
  test_matrices();
  test_ambiguous_count();
  test_npy();
  test_npy_values();
  return check_result();
}
