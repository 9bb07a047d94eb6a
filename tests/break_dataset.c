/* Ways of breaking one thing in a data set. */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_dataset.h"

static hid_t must(hid_t result, const char *what) {
  if (result < 0) {
    fprintf(stderr, "break_dataset: %s failed\n", what);
    abort();
  }
  return result;
}

static hid_t open_file(const char *path) { return must(H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), path); }

void break_remove(const char *path, const char *object) {
  hid_t file = open_file(path);
  must(H5Ldelete(file, object, H5P_DEFAULT), object);
  H5Fclose(file);
}

void break_rename(const char *path, const char *from, const char *to) {
  hid_t file = open_file(path);
  must(H5Lmove(file, from, file, to, H5P_DEFAULT, H5P_DEFAULT), from);
  H5Fclose(file);
}

void break_remove_attribute(const char *path, const char *object, const char *name) {
  hid_t file = open_file(path);
  must(H5Adelete_by_name(file, object, name, H5P_DEFAULT), name);
  H5Fclose(file);
}

/* Writes one element, counted through all dimensions. */
static void put_element(const char *path, const char *name, int64_t element, hid_t type, const void *value) {
  hid_t file = open_file(path), dataset = must(H5Dopen2(file, name, H5P_DEFAULT), name), space = H5Dget_space(dataset);
  hsize_t extent[2] = {1, 1}, coordinate[2];
  const int dimensions = H5Sget_simple_extent_dims(space, extent, NULL);
  coordinate[0] = (hsize_t)element / (dimensions == 2 ? extent[1] : 1);
  coordinate[1] = dimensions == 2 ? (hsize_t)element % extent[1] : 0;
  must(H5Sselect_elements(space, H5S_SELECT_SET, 1, coordinate), name);
  const hsize_t one = 1;
  hid_t memory = H5Screate_simple(1, &one, NULL);
  must(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, value), name);
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(dataset);
  H5Fclose(file);
}

void break_real(const char *path, const char *dataset, int64_t element, double value) {
  put_element(path, dataset, element, H5T_NATIVE_DOUBLE, &value);
}

void break_integer(const char *path, const char *dataset, int64_t element, int64_t value) {
  put_element(path, dataset, element, H5T_NATIVE_INT64, &value);
}

void break_text(const char *path, const char *dataset, int64_t element, const char *value) {
  char text[256] = "";
  snprintf(text, sizeof text, "%s", value);
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, sizeof text);
  put_element(path, dataset, element, type, text);
  H5Tclose(type);
}

static void put_attribute(const char *path, const char *name, const char *attribute_name, hid_t type, const void *value) {
  hid_t file = open_file(path), object = must(H5Oopen(file, name, H5P_DEFAULT), name), space = H5Screate(H5S_SCALAR);
  if (H5Aexists(object, attribute_name) > 0) H5Adelete(object, attribute_name);
  hid_t attribute = must(H5Acreate2(object, attribute_name, type, space, H5P_DEFAULT, H5P_DEFAULT), attribute_name);
  H5Awrite(attribute, type, value);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Oclose(object);
  H5Fclose(file);
}

void break_attribute_text(const char *path, const char *object, const char *name, const char *value) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, strlen(value) + 1);
  put_attribute(path, object, name, type, value);
  H5Tclose(type);
}

void break_attribute_integer(const char *path, const char *object, const char *name, int64_t value) {
  put_attribute(path, object, name, H5T_NATIVE_INT64, &value);
}

void break_attribute_real(const char *path, const char *object, const char *name, double value) {
  put_attribute(path, object, name, H5T_NATIVE_DOUBLE, &value);
}

static void replace(hid_t file, const char *name, hid_t type, int64_t rows, int64_t columns, const void *data) {
  const hsize_t extent[2] = {(hsize_t)rows, (hsize_t)columns};
  must(H5Ldelete(file, name, H5P_DEFAULT), name);
  hid_t space = H5Screate_simple(columns > 0 ? 2 : 1, extent, NULL);
  hid_t dataset = must(H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name);
  if (data) must(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
  H5Dclose(dataset);
  H5Sclose(space);
}

/* A unit stays, so that the shape or type is what is wrong. */
void break_shape(const char *path, const char *dataset, int64_t rows, int64_t columns, char type_class) {
  hid_t file = open_file(path);
  hid_t old = must(H5Dopen2(file, dataset, H5P_DEFAULT), dataset), type = H5T_STD_I32LE, unit = H5I_INVALID_HID;
  char text[64] = "";
  if (H5Aexists(old, "unit") > 0) {
    hid_t attribute = H5Aopen(old, "unit", H5P_DEFAULT);
    unit = H5Aget_type(attribute);
    H5Aread(attribute, unit, text);
    H5Aclose(attribute);
  }
  H5Dclose(old);
  if (type_class == 'f') type = H5T_IEEE_F64LE;
  hid_t string = H5Tcopy(H5T_C_S1);
  H5Tset_size(string, 8);
  if (type_class == 's') type = string;
  replace(file, dataset, type, rows, columns, NULL);
  H5Fclose(file);
  H5Tclose(string);
  if (unit >= 0) {
    put_attribute(path, dataset, "unit", unit, text);
    H5Tclose(unit);
  }
}

void break_to_variable(const char *path, const char *dataset, int64_t rows) {
  const char **texts = calloc((size_t)rows, sizeof *texts);
  if (!texts) abort();
  for (int64_t k = 0; k < rows; k++)
    texts[k] = "text";
  hid_t file = open_file(path), type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  replace(file, dataset, type, rows, 0, texts);
  H5Tclose(type);
  H5Fclose(file);
  free(texts);
}

void break_to_group(const char *path, const char *object) {
  hid_t file = open_file(path);
  must(H5Ldelete(file, object, H5P_DEFAULT), object);
  hid_t group = must(H5Gcreate2(file, object, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), object);
  H5Gclose(group);
  H5Fclose(file);
}

void break_chunk(const char *path, const char *dataset, int64_t row) {
  static const char garbage[16] = "not deflated";
  const hsize_t start = (hsize_t)row;
  hid_t file = open_file(path), object = must(H5Dopen2(file, dataset, H5P_DEFAULT), dataset);
  must(H5Dwrite_chunk(object, H5P_DEFAULT, 0, &start, sizeof garbage, garbage), dataset);
  H5Dclose(object);
  H5Fclose(file);
}
