/* Making what ranks know each for itself into one table that all have: rank 0 receives, one rank after another, sorts and
 * sends. */
#include "builder_unify.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"

/* Sends `count` elements to rank 0, which hands those of every rank, its own first, to `take`. Collective; the status is
 * agreed. */
static int collect(MPI_Comm comm, const void *data, int64_t count, size_t size,
                   int (*take)(const void *data, int64_t count, void *context, struct q2_error *error), void *context,
                   struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int status =
      count * (int64_t)size <= INT_MAX ? Q2_OK : q2_fail(error, "a rank's table of %lld rows is too large", (long long)count);
  Q2_TRY(q2_agree(comm, status, error));
  /* The memory for what comes is there, or all ranks know that it is not, before anybody sends. */
  int64_t most = rank > 0 ? count : 0;
  MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_INT64_T, MPI_MAX, comm);
  void *received = q2_allocate_everywhere(comm, rank == 0 ? most : 0, size, "tables of other ranks", error);
  if (!received) return Q2_FAILED;
  if (rank > 0) {
    MPI_Send(&count, 1, MPI_INT64_T, 0, 0, comm);
    MPI_Send(data, (int)(count * (int64_t)size), MPI_BYTE, 0, 0, comm);
  } else {
    status = take(data, count, context, error);
  }
  for (int other = 1; other < ranks && rank == 0; other++) {
    int64_t rows;
    MPI_Recv(&rows, 1, MPI_INT64_T, other, 0, comm, MPI_STATUS_IGNORE);
    MPI_Recv(received, (int)(rows * (int64_t)size), MPI_BYTE, other, 0, comm, MPI_STATUS_IGNORE);
    if (status == Q2_OK) status = take(received, rows, context, error);
  }
  free(received);
  return q2_agree(comm, status, error);
}

/* --- texts --- */

struct texts {
  char *text;
  int64_t count, capacity;
  int size;
};

/* Where the text is, or should be put. */
static int64_t place_of(const struct texts *texts, const char *text, int *found) {
  int64_t low = 0, high = texts->count;
  *found = 0;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    const int order = strcmp(texts->text + middle * texts->size, text);
    if (order == 0) {
      *found = 1;
      return middle;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int take_texts(const void *data, int64_t count, void *context, struct q2_error *error) {
  struct texts *texts = context;
  for (int64_t k = 0; k < count; k++) {
    const char *text = (const char *)data + k * texts->size;
    int found;
    const int64_t place = place_of(texts, text, &found);
    if (found) continue;
    if (texts->count == texts->capacity) {
      const int64_t capacity = texts->capacity ? 2 * texts->capacity : 64;
      char *grown = realloc(texts->text, (size_t)(capacity * texts->size));
      if (!grown) return q2_fail(error, "no memory for %lld names", (long long)capacity);
      texts->text = grown;
      texts->capacity = capacity;
    }
    char *at = texts->text + place * texts->size;
    memmove(at + texts->size, at, (size_t)((texts->count - place) * texts->size));
    memset(at, 0, (size_t)texts->size);
    memcpy(at, text, strlen(text));
    texts->count++;
  }
  return Q2_OK;
}

int q2_unify_texts(MPI_Comm comm, const char *texts, int count, int size, char **all, int *all_count, struct q2_error *error) {
  struct texts found = {.size = size};
  int rank, number = 0;
  MPI_Comm_rank(comm, &rank);
  *all = NULL;
  int status = collect(comm, texts, count, (size_t)size, take_texts, &found, error);
  if (status == Q2_OK) {
    number = (int)found.count;
    MPI_Bcast(&number, 1, MPI_INT, 0, comm);
    *all = rank == 0 && found.text ? found.text : calloc((size_t)number + 1, (size_t)size);
    status = q2_agree(comm, *all ? Q2_OK : q2_fail(error, "no memory for %d names", number), error);
    if (status == Q2_OK) MPI_Bcast(*all, number * size, MPI_CHAR, 0, comm);
  }
  if (status != Q2_OK) {
    if (*all != found.text) free(*all);
    free(found.text);
    *all = NULL;
  }
  *all_count = number;
  return status;
}

int q2_unified_text(const char *all, int count, int size, const char *text) {
  const struct texts texts = {.text = (char *)all, .count = count, .size = size};
  int found;
  const int64_t place = place_of(&texts, text, &found);
  return found ? (int)place : -1;
}

/* --- parameters --- */

static int take_parameters(const void *data, int64_t count, void *context, struct q2_error *error) {
  const struct q2_built_parameter *rows = data;
  for (int64_t k = 0; k < count; k++) {
    int number;
    if (rows[k].used || rows[k].keep) Q2_TRY(q2_parameter_index_add(context, &rows[k], &number, error));
  }
  return Q2_OK;
}

static int compare_parameters(const void *left, const void *right) {
  const struct q2_built_parameter *a = left, *b = right;
  if (a->order != b->order) return a->order < b->order ? -1 : 1;
  const int kinds = strcmp(a->kind, b->kind);
  return kinds ? kinds : strcmp(a->label, b->label);
}

int q2_unify_parameters(MPI_Comm comm, const struct q2_parameter_index *mine, struct q2_parameter_index *all,
                        struct q2_error *error) {
  struct q2_parameter_index merged = {0};
  int rank;
  *all = (struct q2_parameter_index){0};
  MPI_Comm_rank(comm, &rank);
  int status =
      collect(comm, mine->rows.data, mine->rows.count, sizeof(struct q2_built_parameter), take_parameters, &merged, error);
  int64_t count = merged.rows.count;
  struct q2_built_parameter *rows = NULL;
  if (status == Q2_OK) {
    MPI_Bcast(&count, 1, MPI_INT64_T, 0, comm);
    rows = q2_allocate(count, sizeof *rows);
    status = q2_agree(comm, rows ? Q2_OK : q2_fail(error, "no memory for %lld parameters", (long long)count), error);
  }
  if (status == Q2_OK) {
    if (rank == 0 && count > 0) {
      memcpy(rows, merged.rows.data, (size_t)count * sizeof *rows);
      qsort(rows, (size_t)count, sizeof *rows, compare_parameters);
    }
    MPI_Bcast(rows, (int)(count * (int64_t)sizeof *rows), MPI_BYTE, 0, comm);
    for (int64_t k = 0; k < count && status == Q2_OK; k++) {
      int number;
      status = q2_parameter_index_add(all, &rows[k], &number, error);
    }
    status = q2_agree(comm, status, error);
  }
  free(rows);
  q2_parameter_index_free(&merged);
  return status;
}
