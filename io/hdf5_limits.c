/* What of HDF5 q2hpc reads, and how much. */
#include "hdf5_limits.h"

#include <math.h>

static int plain_integer(hid_t type) {
  const size_t size = H5Tget_size(type);
  return (size == 1 || size == 2 || size == 4 || size == 8) && H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0;
}

/* Sign, exponent and mantissa inside of what there is; long double has 80 bits of 128. */
static int plain_real(hid_t type) {
  const size_t size = H5Tget_size(type), precision = H5Tget_precision(type);
  size_t sign, exponent, exponent_size, mantissa, mantissa_size;
  if (H5Tget_fields(type, &sign, &exponent, &exponent_size, &mantissa, &mantissa_size) < 0) return 0;
  return size >= 2 && size <= 16 && precision <= 8 * size && H5Tget_offset(type) == 0 && sign < precision &&
         exponent_size >= 2 && exponent_size <= 15 && mantissa_size >= 2 && mantissa_size <= 112 && exponent < precision &&
         mantissa < precision && exponent + exponent_size <= precision && mantissa + mantissa_size <= precision;
}

int q2_hdf5_plain_number(hid_t type) {
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
    return plain_integer(type);
  case H5T_FLOAT:
    return plain_real(type);
  case H5T_ENUM: {
    const hid_t base = H5Tget_super(type);
    const int plain = base >= 0 && H5Tget_class(base) == H5T_INTEGER && plain_integer(base);
    if (base >= 0) H5Tclose(base);
    return plain;
  }
  default:
    return 1;
  }
}

/* Looks at the layout; *deflated says whether data may be larger than what the file has of them. */
static int check_layout(const char *path, const char *name, hid_t list, int *deflated, struct q2_error *error) {
  const H5D_layout_t layout = H5Pget_layout(list);
  *deflated = 0;
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
    return q2_fail(error, "%s: %s: expected compact, contiguous or chunked data, found a virtual dataset or an unknown layout",
                   path, name);
  if (layout == H5D_CONTIGUOUS && H5Pget_external_count(list) != 0)
    return q2_fail(error, "%s: %s: expected data in this file, found them in others", path, name);
  const int filters = H5Pget_nfilters(list);
  for (int f = 0; f < filters; f++) {
    unsigned flags, configuration;
    size_t values = 0;
    char filter_name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(list, (unsigned)f, &flags, &values, NULL, sizeof filter_name, filter_name, &configuration);
    if (filter == H5Z_FILTER_DEFLATE)
      *deflated = 1;
    else if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      return q2_fail(error, "%s: %s: expected no filters but deflate, shuffle and fletcher32, found number %d '%.63s'", path,
                     name, (int)filter, filter_name);
  }
  return filters < 0 ? q2_fail(error, "%s: %s: its filters cannot be read", path, name) : Q2_OK;
}

/* The product of extents, as a real number, because they may claim anything. */
static double product(int dimensions, const hsize_t *extent) {
  double count = 1;
  for (int d = 0; d < dimensions; d++)
    count *= (double)extent[d];
  return count;
}

static int check_chunks(const char *path, const char *name, int dimensions, const hsize_t *extent, const hsize_t *chunk,
                        uint64_t file_bytes, struct q2_error *error) {
  const double most = (double)file_bytes / 16 + Q2_MOST_CHUNKS;
  double count = 1;
  for (int d = 0; d < dimensions; d++)
    count *= chunk[d] > 0 ? ceil((double)extent[d] / (double)chunk[d]) : most + 1;
  if (count <= most) return Q2_OK;
  return q2_fail(error, "%s: %s: expected at most %.0f chunks for a file of this size, found %.0f", path, name, most, count);
}

int q2_hdf5_check_storage(const char *path, const char *name, hid_t dataset, hid_t type, hid_t space, uint64_t file_bytes,
                          struct q2_error *error) {
  hsize_t extent[H5S_MAX_RANK] = {0}, chunk[H5S_MAX_RANK] = {0};
  const double element = (double)H5Tget_size(type);
  const int dimensions = H5Sget_simple_extent_ndims(space);
  int deflated = 0, chunk_dimensions = 0;
  if (dimensions < 0 || dimensions > H5S_MAX_RANK || H5Sget_simple_extent_dims(space, extent, NULL) < 0)
    return q2_fail(error, "%s: %s: its shape cannot be read", path, name);
  if (!q2_hdf5_plain_number(type))
    return q2_fail(error, "%s: %s: expected integers of 1, 2, 4 or 8 bytes or floating-point numbers of 2 to 16, found others",
                   path, name);
  const hid_t list = H5Dget_create_plist(dataset);
  int status = list >= 0 ? check_layout(path, name, list, &deflated, error)
                         : q2_fail(error, "%s: %s: its layout cannot be read", path, name);
  if (status == Q2_OK && H5Pget_layout(list) == H5D_CHUNKED) chunk_dimensions = H5Pget_chunk(list, H5S_MAX_RANK, chunk);
  if (status == Q2_OK) {
    const double most = (double)file_bytes * (deflated ? Q2_MOST_DEFLATED : 1) + (double)Q2_MOST_UNWRITTEN * 1048576.0;
    const double bytes = element * product(dimensions, extent);
    const double chunk_bytes = chunk_dimensions > 0 ? element * product(chunk_dimensions, chunk) : 0.0;
    if (bytes > most || chunk_bytes > most)
      status = q2_fail(error, "%s: %s: expected at most %.0f bytes for a file of this size, found %.0f%s", path, name, most,
                       bytes > most ? bytes : chunk_bytes, bytes > most ? "" : " in a chunk");
    else if (chunk_dimensions > 0)
      status = check_chunks(path, name, dimensions, extent, chunk, file_bytes, error);
  }
  if (list >= 0) H5Pclose(list);
  return status;
}
