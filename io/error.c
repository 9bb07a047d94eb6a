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

/* Says which rank failed, where it is known to nobody else; a text that begins so already stays. */
static void name_rank(int rank, struct q2_error *error) {
  char node[MPI_MAX_PROCESSOR_NAME] = "";
  int length;
  if (strncmp(error->text, "rank ", 5) == 0) return;
  MPI_Get_processor_name(node, &length);
  q2_fail(error, "rank %d on node %.64s: %s", rank, node, error->text);
}

int q2_at_stage(const char *stage, int status, struct q2_error *error) {
  const size_t rank_and_node = strcspn(error->text, ",:");
  if (status == Q2_OK || strncmp(error->text, "rank ", 5) != 0 || error->text[rank_and_node] != ':') return status;
  return q2_fail(error, "%.*s, %s%s", (int)rank_and_node, error->text, stage, error->text + rank_and_node);
}

int q2_agree(MPI_Comm comm, int status, struct q2_error *error) {
  enum { LOWEST, ALL }; /* the lowest rank that failed; whether all did */
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int failing[2] = {status == Q2_OK ? ranks : rank, status != Q2_OK};
  MPI_Allreduce(MPI_IN_PLACE, failing, 2, MPI_INT, MPI_MIN, comm);
  if (failing[LOWEST] == ranks) return Q2_OK;
  if (failing[LOWEST] == rank && !failing[ALL]) name_rank(rank, error);
  MPI_Bcast(error->text, (int)sizeof error->text, MPI_CHAR, failing[LOWEST], comm);
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
