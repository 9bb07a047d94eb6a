/* Claims: of HDF5's ways to store data, the plain ones are read and the others refused by name, before memory is asked for; and
 * no file makes a reader believe in more bytes than it can hold. */
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "../io/hdf5_file.h"
#include "check.h"

static const char *const path = "limits.h5", *const other = "limits_other.h5";
static const hsize_t rows = 1000;

enum way {
  PLAIN,
  COMPACT,
  FILTERED,
  DEFLATED_ZEROS,
  UNWRITTEN,
  LONG_DOUBLE,
  HALF,
  BOOLEAN,
  VIRTUAL,
  EXTERNAL,
  LINKED,
  SCALED,
  HUGE_EXTENT,
  HUGE_CHUNK,
  MANY_CHUNKS,
  HUGE_STRING,
  ODD_INTEGER,
  ODD_REAL
};

static hid_t boolean_type(void) {
  const int8_t no = 0, yes = 1;
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  return type;
}

static hid_t type_of(enum way way) {
  hid_t type = H5Tcopy(way == LONG_DOUBLE               ? H5T_NATIVE_LDOUBLE
                       : way == HALF || way == ODD_REAL ? H5T_IEEE_F32LE
                                                        : H5T_NATIVE_DOUBLE);
  switch (way) {
  case HALF:
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    break;
  case ODD_REAL:
    H5Tset_fields(type, 31, 30, 1, 0, 23);
    break;
  case ODD_INTEGER:
    H5Tclose(type);
    type = H5Tcopy(H5T_STD_I32LE);
    H5Tset_precision(type, 24);
    break;
  case BOOLEAN:
    H5Tclose(type);
    return boolean_type();
  case HUGE_STRING:
    H5Tclose(type);
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, (size_t)1 << 30);
    break;
  default:
    break;
  }
  return type;
}

static hid_t list_of(enum way way, hid_t space) {
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = way == HUGE_CHUNK ? (hsize_t)1 << 27 : way == DEFLATED_ZEROS ? 1 << 20 : way == MANY_CHUNKS ? 2 : 100;
  if (way == COMPACT) H5Pset_layout(list, H5D_COMPACT);
  if (way == FILTERED || way == DEFLATED_ZEROS || way == SCALED || way == HUGE_CHUNK || way == MANY_CHUNKS)
    H5Pset_chunk(list, 1, &chunk);
  if (way == FILTERED) {
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 6);
    H5Pset_fletcher32(list);
  }
  if (way == DEFLATED_ZEROS) H5Pset_deflate(list, 9);
  if (way == SCALED) H5Pset_scaleoffset(list, H5Z_SO_FLOAT_DSCALE, 3);
  if (way == EXTERNAL) H5Pset_external(list, "limits_data.bin", 0, H5F_UNLIMITED);
  if (way == VIRTUAL) H5Pset_virtual(list, space, other, "/x", space);
  return list;
}

static void make(enum way way, hsize_t count) {
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t claimed = way == HUGE_EXTENT ? (hsize_t)1 << 40 : count, most = H5S_UNLIMITED;
  hid_t space = H5Screate_simple(1, &claimed, way == HUGE_CHUNK ? &most : NULL), type = type_of(way),
        list = list_of(way, space);
  if (way == HUGE_EXTENT) H5Pset_alloc_time(list, H5D_ALLOC_TIME_LATE);
  if (way == LINKED) {
    H5Lcreate_external(other, "/x", file, "/x", H5P_DEFAULT, H5P_DEFAULT);
  } else {
    hid_t dataset = H5Dcreate2(file, "/x", type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(dataset >= 0, "way %d", (int)way);
    const int written = way <= DEFLATED_ZEROS || (way >= LONG_DOUBLE && way <= HALF) || way == SCALED;
    double *values = calloc(count, sizeof *values);
    if (values && way != DEFLATED_ZEROS)
      for (hsize_t k = 0; k < count; k++)
        values[k] = 0.5 * (double)(k % 100);
    if (written)
      CHECK(values && H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "%d", (int)way);
    free(values);
    H5Dclose(dataset);
  }
  H5Pclose(list);
  H5Tclose(type);
  H5Sclose(space);
  H5Fclose(file);
}

/* All ranks describe "/x" and read it where that is allowed. `text`: NULL: it is accepted. */
static void check_way(int rank, enum way way, hsize_t count, enum q2_hdf5_class type_class, const char *text) {
  struct q2_hdf5 file;
  struct q2_hdf5_table table;
  struct q2_error error = {""};
  if (rank == 0) make(way, count);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(q2_hdf5_open(MPI_COMM_WORLD, path, &file, &error) == Q2_OK, "%s", error.text);
  const int status = q2_hdf5_describe(&file, "/x", type_class, 1, Q2_ANY, 1, &table, &error);
  CHECK((status == Q2_OK) == (text == NULL), "way %d: %s", (int)way, error.text);
  if (text)
    CHECK(strstr(error.text, text) && strstr(error.text, "limits.h5: /x: "), "way %d: '%s' lacks '%s'", (int)way, error.text,
          text);
  if (status == Q2_OK && type_class == Q2_REAL) {
    double *values = calloc((size_t)table.rows, sizeof *values);
    CHECK(values && q2_hdf5_read_reals(&file, &table, 0, table.rows, values, &error) == Q2_OK, "%s", error.text);
    for (int64_t k = 0; values && k < table.rows; k++)
      if (values[k] != (way == UNWRITTEN || way == DEFLATED_ZEROS ? 0.0 : 0.5 * (double)(k % 100))) {
        CHECK(0, "way %d: row %lld: %g", (int)way, (long long)k, values[k]);
        break;
      }
    free(values);
  }
  q2_hdf5_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) { /* what links and virtual datasets lead to */
    make(PLAIN, rows);
    if (rename(path, other) != 0) abort();
  }
  const int deflates = H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0;
  check_way(rank, PLAIN, rows, Q2_REAL, NULL);
  check_way(rank, COMPACT, rows, Q2_REAL, NULL);
  if (deflates) check_way(rank, FILTERED, rows, Q2_REAL, NULL);
  if (deflates) check_way(rank, DEFLATED_ZEROS, (hsize_t)1 << 24, Q2_REAL, NULL); /* 128 MiB in 130 kB */
  check_way(rank, UNWRITTEN, rows, Q2_REAL, NULL);
  check_way(rank, LONG_DOUBLE, rows, Q2_REAL, NULL);
  check_way(rank, HALF, rows, Q2_REAL, NULL);
  check_way(rank, BOOLEAN, rows, Q2_INTEGER, NULL);
  check_way(rank, VIRTUAL, rows, Q2_REAL, "found a virtual dataset");
  check_way(rank, EXTERNAL, rows, Q2_REAL, "expected data in this file");
  check_way(rank, LINKED, rows, Q2_REAL, "found a link to another");
  check_way(rank, SCALED, rows, Q2_REAL, "expected no filters but deflate");
  check_way(rank, HUGE_EXTENT, rows, Q2_REAL, "bytes for a file of this size, found 8796093022208");
  check_way(rank, HUGE_CHUNK, rows, Q2_REAL, "found 1073741824 in a chunk");
  check_way(rank, MANY_CHUNKS, (hsize_t)1 << 22, Q2_REAL, "chunks for a file of this size, found 2097152");
  check_way(rank, HUGE_STRING, rows, Q2_TEXT, "bytes for a file of this size");
  check_way(rank, ODD_INTEGER, rows, Q2_INTEGER, "expected integers of 1, 2, 4 or 8 bytes");
  check_way(rank, ODD_REAL, rows, Q2_REAL, "floating-point numbers of 2 to 16");
  int failed = check_result(), any;
  MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0 && !any) printf("plain storage is read, other storage refused\n");
  MPI_Finalize();
  return any;
}
