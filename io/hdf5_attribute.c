/* Scalar attributes, in the forms in which C and h5py write them. */
#include <stdlib.h>
#include <string.h>

#include "hdf5_limits.h"

/* Opens the attribute and its type if it is there and holds one element; leaves -1 where it is absent. Local. */
static int open_attribute(const struct q2_hdf5 *file, const char *object, const char *name, int required, hid_t *attribute,
                          hid_t *type, struct q2_error *error) {
  *attribute = *type = H5I_INVALID_HID;
  const int root = strcmp(object, "/") == 0;
  if (!root && !q2_hdf5_exists(file, object))
    return q2_fail(error, "%s: %s: expected an object with the attribute %s, found nothing", file->path, object, name);
  if (H5Aexists_by_name(file->file, object, name, H5P_DEFAULT) <= 0)
    return required ? q2_fail(error, "%s: %s: attribute %s: expected a value, found nothing", file->path, object, name) : Q2_OK;
  *attribute = H5Aopen_by_name(file->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
  if (*attribute < 0) return q2_fail(error, "%s: %s: attribute %s: cannot be opened", file->path, object, name);
  *type = H5Aget_type(*attribute);
  hid_t space = H5Aget_space(*attribute);
  const hssize_t elements = H5Sget_simple_extent_npoints(space);
  H5Sclose(space);
  if (elements != 1)
    return q2_fail(error, "%s: %s: attribute %s: expected one value, found %lld", file->path, object, name,
                   (long long)elements);
  return Q2_OK;
}

static int close_attribute(const struct q2_hdf5 *file, hid_t attribute, hid_t type, int *present, int status,
                           struct q2_error *error) {
  if (present) *present = attribute >= 0;
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
  return q2_agree(file->comm, status, error);
}

static int read_text(const struct q2_hdf5 *file, const char *object, const char *name, hid_t attribute, hid_t type, char *text,
                     int64_t size, struct q2_error *error) {
  if (H5Tget_class(type) != H5T_STRING)
    return q2_fail(error, "%s: %s: attribute %s: expected a string, found another type", file->path, object, name);
  const int variable = H5Tis_variable_str(type) > 0;
  const size_t length = H5Tget_size(type);
  char *buffer = NULL;
  if (!variable && length > (size_t)Q2_MOST_ATTRIBUTE << 20)
    return q2_fail(error, "%s: %s: attribute %s: expected at most %lld bytes, found %zu", file->path, object, name,
                   (long long)size - 1, length);
  if (!variable && !(buffer = calloc(length + 1, 1)))
    return q2_fail(error, "%s: %s: attribute %s: out of memory", file->path, object, name);
  int status = Q2_OK;
  /* A string's own type is also its memory type: no conversion of padding or character set. */
  if (H5Aread(attribute, type, variable ? (void *)&buffer : (void *)buffer) < 0)
    status = q2_fail(error, "%s: %s: attribute %s: cannot be read", file->path, object, name);
  if (status == Q2_OK) {
    const char *found = buffer ? buffer : "";
    size_t used = strlen(found);
    if (!variable && H5Tget_strpad(type) == H5T_STR_SPACEPAD)
      while (used > 0 && found[used - 1] == ' ')
        used--;
    if ((int64_t)used >= size) {
      status = q2_fail(error, "%s: %s: attribute %s: expected at most %lld bytes, found %zu: '%.100s'", file->path, object,
                       name, (long long)size - 1, used, found);
    } else {
      memset(text, 0, (size_t)size);
      memcpy(text, found, used);
    }
  }
  if (variable)
    H5free_memory(buffer);
  else
    free(buffer);
  return status;
}

int q2_hdf5_attribute_text(const struct q2_hdf5 *file, const char *object, const char *name, int *present, char *text,
                           int64_t size, struct q2_error *error) {
  hid_t attribute, type;
  int status = open_attribute(file, object, name, present == NULL, &attribute, &type, error);
  if (status == Q2_OK && attribute >= 0) status = read_text(file, object, name, attribute, type, text, size, error);
  return close_attribute(file, attribute, type, present, status, error);
}

int q2_hdf5_attribute_integer(const struct q2_hdf5 *file, const char *object, const char *name, int *present, int64_t *value,
                              struct q2_error *error) {
  hid_t attribute, type;
  int status = open_attribute(file, object, name, present == NULL, &attribute, &type, error);
  if (status == Q2_OK && attribute >= 0) {
    if (H5Tget_class(type) != H5T_INTEGER || !q2_hdf5_plain_number(type))
      status = q2_fail(error, "%s: %s: attribute %s: expected an integer, found another type", file->path, object, name);
    else if (H5Aread(attribute, H5T_NATIVE_INT64, value) < 0)
      status = q2_fail(error, "%s: %s: attribute %s: cannot be read", file->path, object, name);
  }
  return close_attribute(file, attribute, type, present, status, error);
}

int q2_hdf5_attribute_real(const struct q2_hdf5 *file, const char *object, const char *name, int *present, double *value,
                           struct q2_error *error) {
  hid_t attribute, type;
  int status = open_attribute(file, object, name, present == NULL, &attribute, &type, error);
  if (status == Q2_OK && attribute >= 0) {
    const H5T_class_t found = H5Tget_class(type);
    if ((found != H5T_FLOAT && found != H5T_INTEGER) || !q2_hdf5_plain_number(type))
      status = q2_fail(error, "%s: %s: attribute %s: expected a number, found another type", file->path, object, name);
    else if (H5Aread(attribute, H5T_NATIVE_DOUBLE, value) < 0)
      status = q2_fail(error, "%s: %s: attribute %s: cannot be read", file->path, object, name);
  }
  return close_attribute(file, attribute, type, present, status, error);
}
