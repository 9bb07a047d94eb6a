/* Opening an HDF5 file for collective reading; what is in it. */
#define _POSIX_C_SOURCE 200809L /* access */
#include "hdf5_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hdf5_limits.h"

static herr_t take_first(unsigned number, const H5E_error2_t *cause, void *text) {
  if (number == 0 && cause->desc) snprintf(text, 256, "%s", cause->desc);
  return 0;
}

int q2_hdf5_explain(struct q2_error *error) {
  char cause[256] = "";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, cause);
  if (cause[0]) {
    const size_t used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, " (HDF5: %s)", cause);
  }
  return Q2_FAILED;
}

/* What can be said better before HDF5 tries: the file is missing, not readable, not HDF5. */
static int look_at(const char *path, uint64_t *bytes, struct q2_error *error) {
  struct stat status;
  if (access(path, R_OK) != 0) return q2_fail(error, "%s: %s", path, strerror(errno));
  const htri_t is_hdf5 = H5Fis_hdf5(path);
  if (is_hdf5 <= 0) return q2_fail(error, "%s: expected an HDF5 file, found something else", path);
  if (stat(path, &status) != 0) return q2_fail(error, "%s: %s", path, strerror(errno));
  *bytes = (uint64_t)status.st_size;
  return Q2_OK;
}

int q2_hdf5_open(MPI_Comm comm, const char *path, struct q2_hdf5 *file, struct q2_error *error) {
  *file = (struct q2_hdf5){.file = H5I_INVALID_HID, .comm = comm, .path = path};
  H5Eget_auto2(H5E_DEFAULT, &file->error_printer, &file->error_printer_data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  int rank;
  MPI_Comm_rank(comm, &rank);
  int status = q2_agree(comm, rank == 0 ? look_at(path, &file->bytes, error) : Q2_OK, error);
  MPI_Bcast(&file->bytes, 1, MPI_UINT64_T, 0, comm);
  if (status == Q2_OK) {
    hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_mpio(access_list, comm, MPI_INFO_NULL);
    /* One rank reads metadata and tells the others, instead of a thousand ranks asking the file system for the same bytes. */
    H5Pset_all_coll_metadata_ops(access_list, 1);
    file->file = H5Fopen(path, H5F_ACC_RDONLY, access_list);
    if (file->file < 0) {
      q2_fail(error, "%s: cannot be opened as HDF5", path);
      status = q2_hdf5_explain(error);
    }
    H5Pclose(access_list);
    status = q2_agree(comm, status, error);
  }
  if (status != Q2_OK) {
    /* Where only some ranks could open the file, closing it would wait for the others for ever: it stays open. */
    file->file = H5I_INVALID_HID;
    H5Eset_auto2(H5E_DEFAULT, file->error_printer, file->error_printer_data);
  }
  return status;
}

int q2_hdf5_open_bytes(const void *bytes, size_t size, const char *path, struct q2_hdf5 *file, struct q2_error *error) {
  *file = (struct q2_hdf5){.file = H5I_INVALID_HID, .comm = MPI_COMM_SELF, .path = path, .bytes = size, .in_memory = 1};
  H5Eget_auto2(H5E_DEFAULT, &file->error_printer, &file->error_printer_data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access_list, (size_t)1 << 20, 0);
  /* HDF5 copies the bytes; its prototype only lacks the const. */
  union {
    const void *given;
    void *taken;
  } cast = {bytes};
  char name[64]; /* of no file on disk: HDF5 refuses an image under such a name */
  snprintf(name, sizeof name, "q2hpc bytes at %p", (void *)file);
  if (H5Pset_file_image(access_list, cast.taken, size) >= 0) file->file = H5Fopen(name, H5F_ACC_RDONLY, access_list);
  H5Pclose(access_list);
  if (file->file >= 0) return Q2_OK;
  q2_fail(error, "%s: cannot be opened as HDF5", path);
  q2_hdf5_explain(error);
  H5Eset_auto2(H5E_DEFAULT, file->error_printer, file->error_printer_data);
  return Q2_FAILED;
}

void q2_hdf5_close(struct q2_hdf5 *file) {
  if (file->file <= 0) return;
  H5Fclose(file->file);
  H5Eset_auto2(H5E_DEFAULT, file->error_printer, file->error_printer_data);
  file->file = H5I_INVALID_HID;
}

int q2_hdf5_exists(const struct q2_hdf5 *file, const char *name) {
  char part[Q2_HDF5_NAME];
  const size_t length = strlen(name);
  if (length >= sizeof part) return 0;
  for (size_t end = 1; end <= length; end++) {
    if (end < length && name[end] != '/') continue;
    memcpy(part, name, end);
    part[end] = '\0';
    if (H5Lexists(file->file, part, H5P_DEFAULT) <= 0) return 0;
  }
  return 1;
}

int q2_hdf5_groups(const struct q2_hdf5 *file, const char *name, int *count, char (**names)[Q2_HDF5_NAME],
                   struct q2_error *error) {
  *count = 0;
  *names = NULL;
  if (!q2_hdf5_exists(file, name)) return Q2_OK;
  int status = Q2_OK;
  hid_t group = H5Gopen2(file->file, name, H5P_DEFAULT);
  H5G_info_t info = {0};
  if (group < 0 || H5Gget_info(group, &info) < 0)
    status = q2_fail(error, "%s: %s: expected a group, found something else", file->path, name);
  if (status == Q2_OK && info.nlinks > 1000)
    status = q2_fail(error, "%s: %s: expected at most 1000 members, found %lld", file->path, name, (long long)info.nlinks);
  if (status == Q2_OK && !(*names = calloc(info.nlinks + 1, sizeof **names)))
    status = q2_fail(error, "%s: %s: out of memory", file->path, name);
  status = q2_agree(file->comm, status, error);
  for (hsize_t member = 0; status == Q2_OK && member < info.nlinks; member++) {
    char *text = (*names)[member];
    const ssize_t length =
        H5Lget_name_by_idx(file->file, name, H5_INDEX_NAME, H5_ITER_INC, member, text, Q2_HDF5_NAME, H5P_DEFAULT);
    if (length < 0 || length >= Q2_HDF5_NAME) {
      status = q2_fail(error, "%s: %s: the name of member %lld cannot be read", file->path, name, (long long)member);
      break;
    }
    hid_t object = H5Oopen(group, text, H5P_DEFAULT);
    if (object < 0 || H5Iget_type(object) != H5I_GROUP)
      status = q2_fail(error, "%s: %s/%s: expected a group, found something else", file->path, name, text);
    if (object >= 0) H5Oclose(object);
  }
  if (group >= 0) H5Gclose(group);
  status = q2_agree(file->comm, status, error);
  if (status == Q2_OK)
    *count = (int)info.nlinks;
  else {
    free(*names);
    *names = NULL;
  }
  return status;
}

/* Whether the object is in `file`, and not in another one that a link leads to. */
static int is_inside(const struct q2_hdf5 *file, hid_t object) {
  char here[4096] = "", there[4096] = "";
  return H5Fget_name(file->file, here, sizeof here) >= 0 && H5Fget_name(object, there, sizeof there) >= 0 &&
         strcmp(here, there) == 0;
}

static const char *class_text(H5T_class_t type_class) {
  switch (type_class) {
  case H5T_INTEGER:
    return "integers";
  case H5T_FLOAT:
    return "floating-point numbers";
  case H5T_STRING:
    return "strings";
  case H5T_ENUM:
    return "an enumeration";
  case H5T_COMPOUND:
    return "a compound type";
  default:
    return "another type";
  }
}

static const char *const wanted_text[] = {"integers", "floating-point numbers", "strings"};

static int is_of_class(hid_t type, enum q2_hdf5_class type_class) {
  const H5T_class_t found = H5Tget_class(type);
  switch (type_class) {
  case Q2_INTEGER:
    return found == H5T_INTEGER || found == H5T_ENUM;
  case Q2_REAL:
    return found == H5T_FLOAT;
  case Q2_TEXT:
    return found == H5T_STRING;
  }
  return 0;
}

static const char *extent_text(int64_t extent, char *buffer, size_t size) {
  if (extent == Q2_ANY) return "any";
  snprintf(buffer, size, "%lld", (long long)extent);
  return buffer;
}

static int check_shape(const struct q2_hdf5 *file, const char *name, hid_t space, int dimensions, int64_t rows, int64_t columns,
                       struct q2_hdf5_table *table, struct q2_error *error) {
  const int found = H5Sget_simple_extent_type(space) == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : 0;
  hsize_t extent[H5S_MAX_RANK] = {0};
  if (found > 0) H5Sget_simple_extent_dims(space, extent, NULL);
  table->rows = (int64_t)extent[0];
  table->columns = dimensions == 2 ? (int64_t)extent[1] : 1;
  if (found == dimensions && (rows == Q2_ANY || rows == table->rows) &&
      (dimensions == 1 || columns == Q2_ANY || columns == table->columns))
    return Q2_OK;
  char shape[128] = "", first[24], second[24];
  for (int d = 0; d < found && d < 4; d++) {
    const size_t used = strlen(shape);
    snprintf(shape + used, sizeof shape - used, d ? ", %llu" : "%llu", (unsigned long long)extent[d]);
  }
  if (dimensions == 1)
    return q2_fail(error, "%s: %s: expected shape (%s), found (%s)", file->path, name, extent_text(rows, first, sizeof first),
                   shape);
  return q2_fail(error, "%s: %s: expected shape (%s, %s), found (%s)", file->path, name, extent_text(rows, first, sizeof first),
                 extent_text(columns, second, sizeof second), shape);
}

int q2_hdf5_describe(const struct q2_hdf5 *file, const char *name, enum q2_hdf5_class type_class, int dimensions, int64_t rows,
                     int64_t columns, struct q2_hdf5_table *table, struct q2_error *error) {
  *table = (struct q2_hdf5_table){.type_class = type_class, .dimensions = dimensions};
  snprintf(table->name, sizeof table->name, "%s", name);
  int status = Q2_OK;
  if (!q2_hdf5_exists(file, name)) {
    status = q2_fail(error, "%s: %s: expected a dataset of %s, found nothing", file->path, name, wanted_text[type_class]);
  } else {
    hid_t object = H5Oopen(file->file, name, H5P_DEFAULT);
    if (object < 0 || H5Iget_type(object) != H5I_DATASET) {
      status =
          q2_fail(error, "%s: %s: expected a dataset of %s, found another object", file->path, name, wanted_text[type_class]);
    } else {
      hid_t type = H5Dget_type(object), space = H5Dget_space(object);
      if (!is_inside(file, object))
        status = q2_fail(error, "%s: %s: expected a dataset of this file, found a link to another one", file->path, name);
      else if (!is_of_class(type, type_class))
        status = q2_fail(error, "%s: %s: expected %s, found %s", file->path, name, wanted_text[type_class],
                         class_text(H5Tget_class(type)));
      else
        status = check_shape(file, name, space, dimensions, rows, columns, table, error);
      if (status == Q2_OK) status = q2_hdf5_check_storage(file->path, name, object, type, space, file->bytes, error);
      H5Sclose(space);
      H5Tclose(type);
    }
    if (object >= 0) H5Oclose(object);
  }
  return q2_agree(file->comm, status, error);
}
