/* An HDF5 file in memory: HDF5's core driver without a file behind it. */
#include "result.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "durable.h"
#include "hdf5_file.h"

/* HDF5 prints its own errors unless told otherwise; it is told for the length of one call of ours. */
struct quiet {
  H5E_auto2_t printer;
  void *data;
};

static struct quiet quiet_begin(void) {
  struct quiet quiet;
  H5Eget_auto2(H5E_DEFAULT, &quiet.printer, &quiet.data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return quiet;
}

static void quiet_end(struct quiet quiet) { H5Eset_auto2(H5E_DEFAULT, quiet.printer, quiet.data); }

/* An HDF5 identifier is closed by the function that belongs to it; below zero there is none. */
static void close_with(herr_t (*closer)(hid_t), hid_t object) {
  if (object >= 0) closer(object);
}

int q2_image_create(struct q2_image *image, struct q2_error *error) {
  const struct quiet quiet = quiet_begin();
  char name[64]; /* two images in one process need two names */
  snprintf(name, sizeof name, "q2hpc image at %p", (void *)image);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_fapl_core(access, (size_t)1 << 20, 0);
  H5Pset_obj_track_times(creation, 0);
  const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
  image->file = file > 0 ? file : 0;
  int status = Q2_OK;
  if (file <= 0) {
    q2_fail(error, "result: cannot make an HDF5 file in memory");
    status = q2_hdf5_explain(error);
  }
  close_with(H5Pclose, creation);
  close_with(H5Pclose, access);
  quiet_end(quiet);
  return status;
}

void q2_image_free(struct q2_image *image) {
  if (image->file > 0) {
    const struct quiet quiet = quiet_begin();
    H5Fclose(image->file);
    quiet_end(quiet);
  }
  image->file = 0;
}

static hid_t making_groups(void) {
  hid_t list = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(list, 1);
  return list;
}

static int exists(hid_t file, const char *path) {
  const struct q2_hdf5 open = {.file = file};
  return q2_hdf5_exists(&open, path);
}

int q2_image_group(struct q2_image *image, const char *path, struct q2_error *error) {
  const struct quiet quiet = quiet_begin();
  int status = Q2_OK;
  if (strcmp(path, "/") != 0 && !exists(image->file, path)) {
    hid_t links = making_groups(), creation = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hid_t group = H5Gcreate2(image->file, path, links, creation, H5P_DEFAULT);
    if (group < 0) {
      q2_fail(error, "result: %s: cannot make this group", path);
      status = q2_hdf5_explain(error);
    }
    close_with(H5Gclose, group);
    close_with(H5Pclose, creation);
    close_with(H5Pclose, links);
  }
  quiet_end(quiet);
  return status;
}

static hid_t string_type(size_t size) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size > 0 ? size : 1);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

static int set_attribute(hid_t object, const char *name, hid_t type, const void *value) {
  if (H5Aexists(object, name) > 0) H5Adelete(object, name);
  hid_t space = H5Screate(H5S_SCALAR), attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const int good = attribute >= 0 && H5Awrite(attribute, type, value) >= 0;
  close_with(H5Aclose, attribute);
  close_with(H5Sclose, space);
  return good;
}

static int set_text(hid_t object, const char *name, const char *value) {
  hid_t type = string_type(strlen(value));
  const int good = set_attribute(object, name, type, value);
  H5Tclose(type);
  return good;
}

/* An empty dataset, or a negative identifier. */
static hid_t create_dataset(struct q2_image *image, const char *path, int64_t rows, int64_t columns, hid_t type) {
  const hsize_t extent[2] = {(hsize_t)rows, (hsize_t)columns};
  hid_t links = making_groups(), creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(creation, 0);
  hid_t space = H5Screate_simple(columns > 0 ? 2 : 1, extent, NULL);
  hid_t dataset = H5Dcreate2(image->file, path, type, space, links, creation, H5P_DEFAULT);
  close_with(H5Sclose, space);
  close_with(H5Pclose, creation);
  close_with(H5Pclose, links);
  return dataset;
}

static int add_dataset(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns, hid_t type,
                       const void *data, struct q2_error *error) {
  if (rows < 0 || columns < 0)
    return q2_fail(error, "result: %s: expected a shape of at least (0, 0), found (%lld, %lld)", path, (long long)rows,
                   (long long)columns);
  const struct quiet quiet = quiet_begin();
  hid_t dataset = create_dataset(image, path, rows, columns, type);
  int good = dataset >= 0;
  if (good && rows > 0) good = H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
  if (good && unit) good = set_text(dataset, "unit", unit);
  int status = Q2_OK;
  if (!good) {
    q2_fail(error, "result: %s: cannot add this dataset of %lld rows", path, (long long)rows);
    status = q2_hdf5_explain(error);
  }
  close_with(H5Dclose, dataset);
  quiet_end(quiet);
  return status;
}

int q2_image_double(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns,
                    const double *data, struct q2_error *error) {
  return add_dataset(image, path, unit, rows, columns, H5T_NATIVE_DOUBLE, data, error);
}

int q2_image_int32(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns,
                   const int32_t *data, struct q2_error *error) {
  return add_dataset(image, path, unit, rows, columns, H5T_NATIVE_INT32, data, error);
}

int q2_image_int64(struct q2_image *image, const char *path, const char *unit, int64_t rows, int64_t columns,
                   const int64_t *data, struct q2_error *error) {
  return add_dataset(image, path, unit, rows, columns, H5T_NATIVE_INT64, data, error);
}

int q2_image_uint8(struct q2_image *image, const char *path, int64_t rows, const void *data, struct q2_error *error) {
  return add_dataset(image, path, NULL, rows, 0, H5T_NATIVE_UINT8, data, error);
}

int q2_image_text(struct q2_image *image, const char *path, int64_t rows, int64_t size, const void *text,
                  struct q2_error *error) {
  if (size < 1) return q2_fail(error, "result: %s: expected strings of at least 1 byte, found %lld", path, (long long)size);
  hid_t type = string_type((size_t)size);
  const int status = add_dataset(image, path, NULL, rows, 0, type, text, error);
  H5Tclose(type);
  return status;
}

static int add_attribute(struct q2_image *image, const char *object, const char *name, hid_t type, const void *value,
                         struct q2_error *error) {
  const struct quiet quiet = quiet_begin();
  hid_t target = H5Oopen(image->file, object, H5P_DEFAULT);
  const int good = target >= 0 && (type < 0 ? set_text(target, name, value) : set_attribute(target, name, type, value));
  int status = Q2_OK;
  if (!good) {
    q2_fail(error, "result: %s: cannot add the attribute %s", object, name);
    status = q2_hdf5_explain(error);
  }
  close_with(H5Oclose, target);
  quiet_end(quiet);
  return status;
}

int q2_image_attribute_text(struct q2_image *image, const char *object, const char *name, const char *value,
                            struct q2_error *error) {
  return add_attribute(image, object, name, H5I_INVALID_HID, value, error);
}

int q2_image_attribute_int64(struct q2_image *image, const char *object, const char *name, int64_t value,
                             struct q2_error *error) {
  return add_attribute(image, object, name, H5T_NATIVE_INT64, &value, error);
}

int q2_image_attribute_double(struct q2_image *image, const char *object, const char *name, double value,
                              struct q2_error *error) {
  return add_attribute(image, object, name, H5T_NATIVE_DOUBLE, &value, error);
}

int q2_image_bytes(const struct q2_image *image, char **bytes, size_t *size, struct q2_error *error) {
  const struct quiet quiet = quiet_begin();
  int status = Q2_OK;
  ssize_t length = -1;
  *bytes = NULL;
  if (H5Fflush(image->file, H5F_SCOPE_GLOBAL) >= 0) length = H5Fget_file_image(image->file, NULL, 0);
  if (length > 0) *bytes = malloc((size_t)length);
  if (!*bytes || H5Fget_file_image(image->file, *bytes, (size_t)length) != length) {
    q2_fail(error, "an HDF5 file's %lld bytes cannot be taken out of memory", (long long)length);
    status = q2_hdf5_explain(error);
    free(*bytes);
    *bytes = NULL;
  }
  *size = length > 0 ? (size_t)length : 0;
  quiet_end(quiet);
  return status;
}

int q2_image_write(const struct q2_image *image, const char *path, struct q2_error *error) {
  char *bytes;
  size_t size;
  int status = q2_image_bytes(image, &bytes, &size, error);
  if (status == Q2_OK)
    status = q2_durable_write(path, bytes, size, error);
  else
    q2_fail(error, "%.600s: %s", path, error->text);
  free(bytes);
  return status;
}

int q2_image_open(struct q2_image *image, const char *path, struct q2_error *error) {
  const struct quiet quiet = quiet_begin();
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access, 0, 1); /* some file systems have no locks; the temporary file is ours alone */
#endif
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, access);
  image->file = file > 0 ? file : 0;
  int status = Q2_OK;
  if (file <= 0) {
    q2_fail(error, "%s: cannot be opened for writing", path);
    status = q2_hdf5_explain(error);
  }
  close_with(H5Pclose, access);
  quiet_end(quiet);
  return status;
}

int q2_image_close(struct q2_image *image, const char *path, struct q2_error *error) {
  if (image->file <= 0) return Q2_OK;
  const struct quiet quiet = quiet_begin();
  int status = Q2_OK;
  if (H5Fclose(image->file) < 0) {
    q2_fail(error, "%.600s: cannot be written to its end", path);
    status = q2_hdf5_explain(error);
  }
  image->file = 0;
  quiet_end(quiet);
  return status;
}

int q2_image_rows_create(struct q2_image *image, const char *path, const char *unit, int64_t number, int64_t text_size,
                         int64_t rows, int64_t columns, struct q2_image_rows *file, struct q2_error *error) {
  const struct quiet quiet = quiet_begin();
  hid_t type = text_size > 0 ? string_type((size_t)text_size) : H5Tcopy((hid_t)number);
  hid_t dataset = create_dataset(image, path, rows, columns, type);
  *file = (struct q2_image_rows){.dataset = dataset > 0 ? dataset : 0, .type = type > 0 ? type : 0, .columns = columns};
  int status = Q2_OK;
  if (dataset < 0 || (unit && !set_text(dataset, "unit", unit))) {
    q2_fail(error, "%s: cannot add this dataset of %lld rows", path, (long long)rows);
    status = q2_hdf5_explain(error);
  }
  quiet_end(quiet);
  return status;
}

int q2_image_rows_write(struct q2_image_rows *file, int64_t first, int64_t count, const void *data, struct q2_error *error) {
  if (count == 0) return Q2_OK;
  const struct quiet quiet = quiet_begin();
  const hsize_t start[2] = {(hsize_t)first, 0}, extent[2] = {(hsize_t)count, (hsize_t)file->columns};
  hid_t space = H5Dget_space(file->dataset), memory = H5Screate_simple(file->columns > 0 ? 2 : 1, extent, NULL);
  int status = Q2_OK;
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL) < 0 ||
      H5Dwrite(file->dataset, file->type, memory, space, H5P_DEFAULT, data) < 0) {
    q2_fail(error, "rows %lld to %lld cannot be written", (long long)first, (long long)(first + count - 1));
    status = q2_hdf5_explain(error);
  }
  close_with(H5Sclose, memory);
  close_with(H5Sclose, space);
  quiet_end(quiet);
  return status;
}

int q2_image_rows_close(struct q2_image_rows *file) {
  const struct quiet quiet = quiet_begin();
  int status = Q2_OK;
  if (file->dataset > 0 && H5Dclose(file->dataset) < 0) status = Q2_FAILED;
  if (file->type > 0) H5Tclose(file->type);
  *file = (struct q2_image_rows){0};
  quiet_end(quiet);
  return status;
}
