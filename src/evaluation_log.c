/* The log of evaluations. */
#include "evaluation_log.h"

#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

void q2_evaluation_log_create(int variables, struct q2_evaluation_log *log) {
  memset(log, 0, sizeof *log);
  log->variables = variables;
}

void q2_evaluation_log_free(struct q2_evaluation_log *log) {
  free(log->x);
  free(log->gradient);
  free(log->record);
  free(log->square_of);
  free(log->square);
  memset(log, 0, sizeof *log);
}

static int same_point(const struct q2_evaluation_log *log, int64_t index, const double *x) {
  return memcmp(log->x + index * log->variables, x, (size_t)log->variables * sizeof *x) == 0;
}

enum q2_log_source q2_evaluation_log_answer(struct q2_evaluation_log *log, const double *x, int64_t *index) {
  if (log->position > log->since && same_point(log, log->position - 1, x)) {
    *index = log->position - 1;
    return Q2_LOG_REPEATED;
  }
  if (log->position == log->count) return Q2_LOG_LIVE;
  if (!same_point(log, log->position, x)) return Q2_LOG_DIVERGED;
  *index = log->position++;
  return Q2_LOG_REPLAYED;
}

/* Moves `count` items of `size` bytes to new memory for `capacity` of them. */
static void *grown(void *old, int64_t count, int64_t capacity, size_t size) {
  void *memory = q2_allocate(capacity, size);
  if (memory && count > 0) memcpy(memory, old, (size_t)count * size);
  return memory;
}

static int grow(struct q2_evaluation_log *log, struct q2_error *error) {
  const int64_t capacity = log->capacity > 0 ? 2 * log->capacity : 64;
  const size_t row = (size_t)log->variables * sizeof(double);
  double *x = grown(log->x, log->count, capacity, row);
  double *gradient = grown(log->gradient, log->count, capacity, row);
  struct q2_evaluation_record *record = grown(log->record, log->count, capacity, sizeof *record);
  if (!x || !gradient || !record) {
    free(x);
    free(gradient);
    free(record);
    return q2_fail(error, "no memory for a log of %lld evaluations", (long long)capacity);
  }
  free(log->x);
  free(log->gradient);
  free(log->record);
  log->x = x;
  log->gradient = gradient;
  log->record = record;
  log->capacity = capacity;
  return Q2_OK;
}

int q2_evaluation_log_append(struct q2_evaluation_log *log, const double *x, const double *gradient,
                             const struct q2_evaluation_record *record, struct q2_error *error) {
  if (log->count == log->capacity) Q2_TRY(grow(log, error));
  const size_t row = (size_t)log->variables * sizeof(double);
  memcpy(log->x + log->count * log->variables, x, row);
  memcpy(log->gradient + log->count * log->variables, gradient, row);
  log->record[log->count++] = *record;
  log->position = log->count;
  return Q2_OK;
}

void q2_evaluation_log_rewind(struct q2_evaluation_log *log) { log->position = log->since = 0; }

void q2_evaluation_log_renew(struct q2_evaluation_log *log) { log->since = log->position; }

int64_t q2_evaluation_log_find(const struct q2_evaluation_log *log, const double *x) {
  for (int64_t index = log->position - 1; index >= 0; index--)
    if (same_point(log, index, x)) return index;
  return -1;
}

static int grow_squares(struct q2_evaluation_log *log, int64_t triangle, struct q2_error *error) {
  const int64_t capacity = log->square_capacity > 0 ? 2 * log->square_capacity : 8;
  int64_t *square_of = grown(log->square_of, log->square_count, capacity, sizeof *square_of);
  double *square = grown(log->square, log->square_count, capacity, (size_t)triangle * sizeof *square);
  if (!square_of || !square) {
    free(square_of);
    free(square);
    return q2_fail(error, "no memory for a log of %lld matrices J'J", (long long)capacity);
  }
  free(log->square_of);
  free(log->square);
  log->square_of = square_of;
  log->square = square;
  log->square_capacity = capacity;
  return Q2_OK;
}

int q2_evaluation_log_keep_square(struct q2_evaluation_log *log, int64_t index, int64_t order, const double *square,
                                  struct q2_error *error) {
  const int64_t triangle = order * (order + 1) / 2, bytes = triangle * (int64_t)sizeof *square;
  const int replaces = log->square_count > 0 && !log->square_asked;
  if (!replaces && (log->square_count + 1) * bytes > Q2_MOST_SQUARE_BYTES) return Q2_OK;
  if (!replaces && log->square_count == log->square_capacity) Q2_TRY(grow_squares(log, triangle, error));
  log->square_order = order;
  log->square_count += !replaces;
  log->square_asked = 0;
  log->square_of[log->square_count - 1] = index;
  double *kept = log->square + (log->square_count - 1) * triangle;
  for (int64_t row = 0; row < order; row++, kept += row)
    memcpy(kept, square + row * order, (size_t)(row + 1) * sizeof *kept);
  return Q2_OK;
}

int q2_evaluation_log_square(struct q2_evaluation_log *log, int64_t index, double *square) {
  const int64_t order = log->square_order;
  int64_t k = log->square_count - 1;
  while (k >= 0 && log->square_of[k] != index)
    k--;
  if (k < 0) return 0;
  log->square_asked |= k == log->square_count - 1;
  const double *kept = log->square + k * (order * (order + 1) / 2);
  for (int64_t a = 0; a < order; a++)
    for (int64_t b = 0; b <= a; b++)
      square[a * order + b] = square[b * order + a] = *kept++;
  return 1;
}

static int64_t best_between(const struct q2_evaluation_log *log, int64_t begin, int64_t end) {
  int64_t best = -1;
  for (int64_t index = begin; index < end; index++)
    if (!log->record[index].infeasible && (best < 0 || log->record[index].value < log->record[best].value)) best = index;
  return best;
}

int64_t q2_evaluation_log_best(const struct q2_evaluation_log *log) {
  const int64_t best = best_between(log, log->since, log->position);
  return best >= 0 ? best : best_between(log, 0, log->since);
}

void q2_evaluation_log_annotate(struct q2_evaluation_log *log, int64_t index, double rmsd_all) {
  log->record[index].rmsd_all = rmsd_all;
}
