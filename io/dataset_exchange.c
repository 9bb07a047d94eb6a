/* Moving molecules to their owners: one column at a time, in rounds of bounded messages. */
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "dataset_columns.h"
#include "memory.h"

/* Which molecules go to, or come from, each rank: list[start[r]] to list[start[r+1]-1], in the order in which their rows
 * travel. */
struct route {
  int64_t *start; /* [ranks + 1] */
  int64_t *list;  /* local numbers of molecules */
};

static const char what[] = "exchange of molecules";

struct exchange {
  MPI_Comm comm;
  int ranks;
  int64_t slice_bytes;       /* at most, from one rank to another in one round */
  struct route out, in;      /* in.list: numbers after the exchange */
  char *outgoing, *incoming; /* [ranks][slice_bytes] */
  int *counts;               /* [4][ranks]: MPI's send counts and displacements, then those of receiving */
};

/* Rows of molecules as seen by one side: where molecule m's bytes are. */
struct rows {
  char *data;
  size_t row_bytes;
  const int64_t *offset; /* NULL: one row a molecule */
};

static int64_t first_byte(const struct rows *rows, int64_t m) {
  return (rows->offset ? rows->offset[m] : m) * (int64_t)rows->row_bytes;
}

/* How far the rows that travel to or from one rank have got. */
struct cursor {
  int64_t entry, byte; /* of the route's list; within that molecule's rows */
};

/* Copies the next bytes of a route into `slice`, or out of it, and returns how many: at most `limit`. */
static int64_t copy_slice(const struct rows *rows, const struct route *route, int rank, struct cursor *cursor, char *slice,
                          int64_t limit, int into_slice) {
  int64_t copied = 0;
  while (copied < limit && cursor->entry < route->start[rank + 1]) {
    const int64_t m = route->list[cursor->entry], first = first_byte(rows, m), size = first_byte(rows, m + 1) - first;
    const int64_t left = size - cursor->byte, bytes = left < limit - copied ? left : limit - copied;
    char *mine = rows->data + first + cursor->byte;
    if (bytes > 0) memcpy(into_slice ? slice + copied : mine, into_slice ? mine : slice + copied, (size_t)bytes);
    copied += bytes;
    cursor->byte += bytes;
    if (cursor->byte == size) *cursor = (struct cursor){cursor->entry + 1, 0};
  }
  return copied;
}

/* Bytes still to travel after `cursor`, as far as one slice reaches. */
static int64_t next_bytes(const struct rows *rows, const struct route *route, int rank, struct cursor cursor, int64_t limit) {
  int64_t bytes = 0;
  for (int64_t k = cursor.entry; k < route->start[rank + 1] && bytes < limit; k++) {
    const int64_t m = route->list[k];
    bytes += first_byte(rows, m + 1) - first_byte(rows, m) - (k == cursor.entry ? cursor.byte : 0);
  }
  return bytes < limit ? bytes : limit;
}

/* Rounds that this rank's largest route needs. */
static int64_t count_rounds(const struct exchange *x, const struct rows *rows) {
  int64_t rounds = 0;
  for (int rank = 0; rank < x->ranks; rank++) {
    int64_t bytes = 0;
    for (int64_t k = x->out.start[rank]; k < x->out.start[rank + 1]; k++)
      bytes += first_byte(rows, x->out.list[k] + 1) - first_byte(rows, x->out.list[k]);
    const int64_t needed = (bytes + x->slice_bytes - 1) / x->slice_bytes;
    if (needed > rounds) rounds = needed;
  }
  return rounds;
}

/* Moves the rows of all molecules from `from` to `to`, whose offsets are known already. Collective. */
static int move_rows(const struct exchange *x, const struct rows *from, const struct rows *to, struct q2_error *error) {
  struct cursor *sent = q2_allocate_everywhere(x->comm, 2 * (int64_t)x->ranks, sizeof *sent, what, error);
  if (!sent) return Q2_FAILED;
  struct cursor *received = sent + x->ranks;
  for (int rank = 0; rank < x->ranks; rank++) {
    sent[rank].entry = x->out.start[rank];
    received[rank].entry = x->in.start[rank];
  }
  const int64_t mine = count_rounds(x, from);
  int64_t rounds;
  MPI_Allreduce(&mine, &rounds, 1, MPI_INT64_T, MPI_MAX, x->comm);
  int *send_count = x->counts, *send_start = send_count + x->ranks;
  int *receive_count = send_start + x->ranks, *receive_start = receive_count + x->ranks;
  for (int64_t round = 0; round < rounds; round++) {
    int outgoing = 0, incoming = 0;
    for (int rank = 0; rank < x->ranks; rank++) {
      send_start[rank] = outgoing;
      send_count[rank] = (int)copy_slice(from, &x->out, rank, &sent[rank], x->outgoing + outgoing, x->slice_bytes, 1);
      outgoing += send_count[rank];
      receive_start[rank] = incoming;
      receive_count[rank] = (int)next_bytes(to, &x->in, rank, received[rank], x->slice_bytes);
      incoming += receive_count[rank];
    }
    MPI_Alltoallv(x->outgoing, send_count, send_start, MPI_BYTE, x->incoming, receive_count, receive_start, MPI_BYTE, x->comm);
    for (int rank = 0; rank < x->ranks; rank++)
      copy_slice(to, &x->in, rank, &received[rank], x->incoming + receive_start[rank], x->slice_bytes, 0);
  }
  free(sent);
  return Q2_OK;
}

/* Sorts local molecules by owner, keeping their order. Local. */
static int plan_out(struct exchange *x, const struct q2_dataset *dataset, const int *owner, struct q2_error *error) {
  const int64_t count = dataset->molecule_count;
  for (int64_t m = 0; m < count; m++) {
    if (owner[m] < 0 || owner[m] >= x->ranks)
      return q2_fail(error, "exchange of molecules: molecule %lld: expected an owner from 0 to %d, found %d",
                     (long long)dataset->molecule[m], x->ranks - 1, owner[m]);
    x->out.start[owner[m] + 1]++;
  }
  for (int rank = 0; rank < x->ranks; rank++)
    x->out.start[rank + 1] += x->out.start[rank];
  int64_t *next = q2_allocate(x->ranks, sizeof *next);
  if (!next) return q2_fail(error, "exchange of molecules: out of memory");
  memcpy(next, x->out.start, (size_t)x->ranks * sizeof *next);
  for (int64_t m = 0; m < count; m++)
    x->out.list[next[owner[m]]++] = m;
  free(next);
  return Q2_OK;
}

/* Counts what comes. Collective. */
static int plan_in(struct exchange *x, struct q2_error *error) {
  int64_t *counts = q2_allocate_everywhere(x->comm, 2 * (int64_t)x->ranks, sizeof *counts, what, error);
  if (!counts) return Q2_FAILED;
  int64_t *coming = counts + x->ranks;
  for (int rank = 0; rank < x->ranks; rank++)
    counts[rank] = x->out.start[rank + 1] - x->out.start[rank];
  MPI_Alltoall(counts, 1, MPI_INT64_T, coming, 1, MPI_INT64_T, x->comm);
  for (int rank = 0; rank < x->ranks; rank++)
    x->in.start[rank + 1] = x->in.start[rank] + coming[rank];
  free(counts);
  const int64_t total = x->in.start[x->ranks];
  x->in.list = q2_allocate(total, sizeof *x->in.list);
  for (int64_t k = 0; x->in.list && k < total; k++)
    x->in.list[k] = k;
  return q2_agree(x->comm, x->in.list ? Q2_OK : q2_fail(error, "exchange of molecules: out of memory"), error);
}

struct arrival {
  int64_t molecule, entry;
};

static int compare_arrivals(const void *left, const void *right) {
  const struct arrival *a = left, *b = right;
  return (a->molecule > b->molecule) - (a->molecule < b->molecule);
}

/* Molecules are kept in ascending order of their number: turns the order of arrival in in.list into that. `record`
 * [total][width] begins with the number, then the rows in each offset table, whose new offsets are made here. Local. */
static int place_arrivals(struct exchange *x, const int64_t *record, int64_t width, int64_t **offset, struct q2_error *error) {
  const int64_t total = x->in.start[x->ranks];
  struct arrival *arrivals = q2_allocate(total, sizeof *arrivals);
  int good = arrivals != NULL;
  for (int64_t k = 0; k < width - 1; k++) {
    offset[k] = q2_allocate(total + 1, sizeof **offset);
    good = good && offset[k];
  }
  if (good) {
    for (int64_t k = 0; k < total; k++)
      arrivals[k] = (struct arrival){record[k * width], k};
    qsort(arrivals, (size_t)total, sizeof *arrivals, compare_arrivals);
    for (int64_t m = 0; m < total; m++) {
      const int64_t entry = arrivals[m].entry;
      x->in.list[entry] = m;
      for (int64_t k = 0; k < width - 1; k++)
        offset[k][m + 1] = offset[k][m] + record[entry * width + 1 + k];
    }
  }
  free(arrivals);
  return good ? Q2_OK : q2_fail(error, "exchange of molecules: out of memory");
}

/* Tells every owner which molecules come and how many rows they have. Collective. */
static int announce(struct exchange *x, const struct q2_dataset *dataset, const struct q2_columns *columns, int64_t **offset,
                    struct q2_error *error) {
  const int64_t width = 1 + columns->offset_count, total = x->in.start[x->ranks];
  int64_t *out = q2_allocate(dataset->molecule_count * width, sizeof *out), *in = q2_allocate(total * width, sizeof *in);
  int status = q2_agree(x->comm, out && in ? Q2_OK : q2_fail(error, "exchange of molecules: out of memory"), error);
  if (status == Q2_OK) {
    for (int64_t m = 0; m < dataset->molecule_count; m++) {
      out[m * width] = dataset->molecule[m];
      for (int k = 0; k < columns->offset_count; k++)
        out[m * width + 1 + k] = (*columns->offset[k])[m + 1] - (*columns->offset[k])[m];
    }
    const size_t bytes = (size_t)width * sizeof *out;
    const struct rows from = {(char *)out, bytes, NULL}, to = {(char *)in, bytes, NULL};
    status = move_rows(x, &from, &to, error);
  }
  if (status == Q2_OK) status = q2_agree(x->comm, place_arrivals(x, in, width, offset, error), error);
  free(in);
  free(out);
  return status;
}

/* Moves one column and puts the new array in the old one's place. Collective. */
static int move_column(struct exchange *x, const struct q2_columns *columns, const struct q2_column *column,
                       int64_t *const *offset, struct q2_error *error) {
  const int64_t total = x->in.start[x->ranks];
  const int number = column->offset_number;
  void *fresh = q2_allocate_everywhere(x->comm, number < 0 ? total : offset[number][total], column->row_bytes, what, error);
  int status = fresh ? Q2_OK : Q2_FAILED;
  if (status == Q2_OK) {
    void *old = q2_column_data(column);
    const struct rows from = {old, column->row_bytes, number < 0 ? NULL : *columns->offset[number]};
    const struct rows to = {fresh, column->row_bytes, number < 0 ? NULL : offset[number]};
    status = move_rows(x, &from, &to, error);
    if (status == Q2_OK) {
      q2_column_set_data(column, fresh);
      fresh = old;
    }
  }
  free(fresh);
  return status;
}

static int move_all(struct exchange *x, struct q2_dataset *dataset, const int *owner, struct q2_error *error) {
  struct q2_columns columns;
  Q2_TRY(q2_agree(x->comm, plan_out(x, dataset, owner, error), error));
  Q2_TRY(plan_in(x, error));
  int status = q2_columns_make(dataset, &columns, error);
  int64_t **offset = status == Q2_OK ? calloc((size_t)columns.offset_count, sizeof *offset) : NULL;
  if (status == Q2_OK && !offset) status = q2_fail(error, "exchange of molecules: out of memory");
  status = q2_agree(x->comm, status, error);
  if (status == Q2_OK) status = announce(x, dataset, &columns, offset, error);
  for (int c = 0; c < columns.column_count && status == Q2_OK; c++)
    status = move_column(x, &columns, &columns.column[c], offset, error);
  if (status == Q2_OK) {
    dataset->molecule_count = x->in.start[x->ranks];
    for (int k = 0; k < columns.offset_count; k++) {
      int64_t *old = *columns.offset[k];
      *columns.offset[k] = offset[k];
      offset[k] = old;
    }
  }
  for (int k = 0; offset && k < columns.offset_count; k++)
    free(offset[k]);
  free(offset);
  q2_columns_free(&columns);
  return status;
}

int q2_dataset_exchange_sliced(MPI_Comm comm, struct q2_dataset *dataset, const int *owner, int64_t slice_bytes,
                               struct q2_error *error) {
  struct exchange x = {.comm = comm, .slice_bytes = slice_bytes};
  MPI_Comm_size(comm, &x.ranks);
  x.out.start = q2_allocate(x.ranks + 1, sizeof *x.out.start);
  x.in.start = q2_allocate(x.ranks + 1, sizeof *x.in.start);
  x.out.list = q2_allocate(dataset->molecule_count, sizeof *x.out.list);
  x.outgoing = q2_allocate(x.ranks * slice_bytes, 1);
  x.incoming = q2_allocate(x.ranks * slice_bytes, 1);
  x.counts = q2_allocate(4 * (int64_t)x.ranks, sizeof *x.counts);
  const int good = x.out.start && x.in.start && x.out.list && x.outgoing && x.incoming && x.counts;
  int status = q2_agree(comm, good ? Q2_OK : q2_fail(error, "exchange of molecules: out of memory"), error);
  if (status == Q2_OK) status = move_all(&x, dataset, owner, error);
  free(x.counts);
  free(x.incoming);
  free(x.outgoing);
  free(x.out.list);
  free(x.in.list);
  free(x.in.start);
  free(x.out.start);
  return status;
}

/* The bytes of this rank's largest column: no route is longer. Local. */
static int largest_column(struct q2_dataset *dataset, int64_t *largest, struct q2_error *error) {
  struct q2_columns columns;
  Q2_TRY(q2_columns_make(dataset, &columns, error));
  *largest = dataset->molecule_count * (1 + columns.offset_count) * (int64_t)sizeof(int64_t); /* what announce sends */
  for (int c = 0; c < columns.column_count; c++) {
    const struct q2_column *column = &columns.column[c];
    const int64_t bytes = q2_column_row(&columns, column, dataset->molecule_count) * (int64_t)column->row_bytes;
    if (bytes > *largest) *largest = bytes;
  }
  q2_columns_free(&columns);
  return Q2_OK;
}

int q2_dataset_exchange(MPI_Comm comm, struct q2_dataset *dataset, const int *owner, struct q2_error *error) {
  /* 64 MiB for all ranks together, shared evenly, and no more than is needed; below 4,096 bytes a message would cost its
   * latency. */
  const int64_t buffer_bytes = INT64_C(1) << 26, least_bytes = 4096;
  int ranks;
  int64_t mine = 0, needed;
  MPI_Comm_size(comm, &ranks);
  Q2_TRY(q2_agree(comm, largest_column(dataset, &mine, error), error));
  MPI_Allreduce(&mine, &needed, 1, MPI_INT64_T, MPI_MAX, comm);
  int64_t slice_bytes = buffer_bytes / ranks < needed ? buffer_bytes / ranks : needed;
  if (slice_bytes < least_bytes) slice_bytes = least_bytes;
  return q2_dataset_exchange_sliced(comm, dataset, owner, slice_bytes, error);
}
