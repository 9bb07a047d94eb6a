/* numpy's .npy files with a Hessian: a matrix of 3N x 3N numbers, float64 or float32, in hartree/bohr^2.
 *
 * "\x93NUMPY", two bytes of version, the header's length (two bytes in version 1, four later, little endian), the header, a
 * Python dictionary such as {'descr': '<f8', 'fortran_order': False, 'shape': (15, 15), }, and the numbers (numpy.lib.format).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molecule_formats.h"

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

struct layout {
  int width;       /* bytes of a number: 8 or 4 */
  int64_t rows;    /* 3N */
  int by_columns;  /* fortran_order */
  size_t position; /* of the first number */
};

/* The value of 'NAME' in the dictionary, or NULL. */
static const char *value_of(const char *header, const char *name) {
  char key[32];
  snprintf(key, sizeof key, "'%s':", name);
  const char *at = strstr(header, key);
  if (!at) return NULL;
  at += strlen(key);
  return at + strspn(at, " ");
}

static int read_dictionary(const struct q2_text *text, const char *header, struct layout *layout, struct q2_error *error) {
  const char *type = value_of(header, "descr"), *order = value_of(header, "fortran_order"), *shape = value_of(header, "shape");
  long long rows, columns;
  int used = 0;
  if (!type || !order || !shape)
    return q2_text_fail(text, 1, error, "expected a header with descr, fortran_order and shape, found \"%.80s\"", header);
  if (strncmp(type, "'<f8'", 5) != 0 && strncmp(type, "'<f4'", 5) != 0)
    return q2_text_fail(text, 1, error, "expected numbers of type '<f8' or '<f4' (little endian), found %.12s", type);
  layout->width = type[3] - '0';
  layout->by_columns = strncmp(order, "True", 4) == 0;
  if (!layout->by_columns && strncmp(order, "False", 5) != 0)
    return q2_text_fail(text, 1, error, "expected fortran_order True or False, found %.12s", order);
  if (sscanf(shape, "(%9lld ,%9lld %n", &rows, &columns, &used) != 2 || !used || shape[used] != ')')
    return q2_text_fail(text, 1, error, "expected the shape (3N, 3N), found %.40s", shape);
  if (rows != columns || rows < 1 || rows % 3 != 0 || rows > 3 * Q2_MOST_ATOMS)
    return q2_text_fail(text, 1, error, "expected the shape (3N, 3N) of 1 to %d atoms, found (%lld, %lld)", Q2_MOST_ATOMS, rows,
                        columns);
  layout->rows = rows;
  return Q2_OK;
}

static int read_header(const struct q2_text *text, struct layout *layout, struct q2_error *error) {
  const unsigned char *bytes = (const unsigned char *)text->bytes;
  if (text->size < 12 || memcmp(bytes, magic, sizeof magic) != 0)
    return q2_text_fail(text, 1, error, "expected a .npy file: it begins with other bytes, or was cut short");
  const int version = bytes[6];
  if (version < 1 || version > 3) return q2_text_fail(text, 1, error, "expected .npy of version 1 to 3, found %d", version);
  const size_t begin = version == 1 ? 10 : 12;
  size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
  if (version > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (length > text->size - begin)
    return q2_text_fail(text, 1, error, "the header claims %zu bytes; the file has %zu", length, text->size);
  char *header = malloc(length + 1);
  if (!header) return q2_text_fail(text, 1, error, "no memory for the header");
  memcpy(header, bytes + begin, length);
  header[length] = '\0';
  layout->position = begin + length;
  const int status = read_dictionary(text, header, layout, error);
  free(header);
  return status;
}

/* A little-endian IEEE number, whatever the machine's order. */
static double number_at(const unsigned char *at, int width) {
  uint64_t bits = 0;
  for (int k = width - 1; k >= 0; k--)
    bits = bits << 8 | at[k];
  if (width == 8) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  const uint32_t half = (uint32_t)bits;
  float value;
  memcpy(&value, &half, sizeof value);
  return value;
}

static int read_square(const struct q2_text *text, const struct layout *layout, double *square, struct q2_error *error) {
  const unsigned char *bytes = (const unsigned char *)text->bytes + layout->position;
  const int64_t n = layout->rows;
  for (int64_t k = 0; k < n * n; k++) {
    const double value = number_at(bytes + k * layout->width, layout->width);
    const int64_t row = layout->by_columns ? k % n : k / n, column = layout->by_columns ? k / n : k % n;
    if (!isfinite(value))
      return q2_text_fail(text, 0, error, "expected numbers, found %g in row %lld, column %lld", value, (long long)row + 1,
                          (long long)column + 1);
    square[row * n + column] = value;
  }
  return Q2_OK;
}

int q2_npy_recognises(const struct q2_text *text) {
  return text->size >= sizeof magic && memcmp(text->bytes, magic, sizeof magic) == 0;
}

int q2_npy_read(const struct q2_text *text, struct q2_molecule_list *list, struct q2_error *error) {
  struct layout layout = {0};
  struct q2_molecule_record *record;
  Q2_TRY(read_header(text, &layout, error));
  const int64_t count = layout.rows * layout.rows;
  if ((uint64_t)count * (uint64_t)layout.width != text->size - layout.position)
    return q2_text_fail(text, 0, error, "expected %lld numbers of %d bytes after the header, found %zu bytes", (long long)count,
                        layout.width, text->size - layout.position);
  Q2_TRY(q2_molecule_begin(list, text, 0, layout.rows / 3, &record, error));
  double *square = q2_molecule_array(text, count, sizeof *square, error);
  int status = square ? read_square(text, &layout, square, error) : Q2_FAILED;
  if (status == Q2_OK) status = q2_molecule_hessian_from_square(text, 0, square, record, error);
  free(square);
  return status;
}
