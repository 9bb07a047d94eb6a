/* How a failure travels, within a rank and between ranks. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

int q2_fail(struct q2_error *error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char text[sizeof error->text]; /* the old text may be among the arguments */
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  memcpy(error->text, text, sizeof text);
  return Q2_FAILED;
}

void q2_append_name(char *list, size_t size, const char *name) {
  const size_t used = strlen(list);
  snprintf(list + used, size - used, used ? ", %s" : "%s", name);
}

int q2_agree(MPI_Comm comm, int status, struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int failing = status == Q2_OK ? ranks : rank;
  int lowest;
  MPI_Allreduce(&failing, &lowest, 1, MPI_INT, MPI_MIN, comm);
  if (lowest == ranks) return Q2_OK;
  MPI_Bcast(error->text, (int)sizeof error->text, MPI_CHAR, lowest, comm);
  return Q2_FAILED;
}

void *q2_allocate_everywhere(MPI_Comm comm, int64_t count, size_t size, const char *what, struct q2_error *error) {
  void *memory = q2_allocate(count, size);
  const int status =
      memory ? Q2_OK : q2_fail(error, "%s: out of memory for %lld elements of %zu bytes", what, (long long)count, size);
  if (q2_agree(comm, status, error) == Q2_OK) return memory;
  free(memory);
  return NULL;
}
