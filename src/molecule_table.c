/* Rows of all molecules on one rank, in the order of the molecules in the file. */
#include "molecule_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

enum { TAG_NUMBERS = 71, TAG_COUNTS, TAG_ROWS };
static const int64_t message_bytes = INT64_C(1) << 28; /* MPI counts are ints */

static void send_bytes(MPI_Comm comm, const void *data, int64_t bytes, int tag) {
  for (int64_t sent = 0; sent < bytes; sent += message_bytes) {
    const int64_t rest = bytes - sent;
    MPI_Send((const char *)data + sent, (int)(rest < message_bytes ? rest : message_bytes), MPI_BYTE, 0, tag, comm);
  }
}

static void receive_bytes(MPI_Comm comm, int source, void *data, int64_t bytes, int tag) {
  for (int64_t received = 0; received < bytes; received += message_bytes) {
    const int64_t rest = bytes - received;
    MPI_Recv((char *)data + received, (int)(rest < message_bytes ? rest : message_bytes), MPI_BYTE, source, tag, comm,
             MPI_STATUS_IGNORE);
  }
}

/* Puts one rank's rows in their places. */
static void place(int64_t molecules, const int64_t *numbers, const int64_t *rows_of, const char *rows, size_t row_size,
                  const int64_t *all_offset, char *all) {
  for (int64_t m = 0; m < molecules; m++) {
    memcpy(all + (size_t)all_offset[numbers[m]] * row_size, rows, (size_t)rows_of[m] * row_size);
    rows += (size_t)rows_of[m] * row_size;
  }
}

/* What rank 0 keeps of every rank while it gathers. */
struct share {
  int64_t molecules, rows;
  int64_t *numbers, *rows_of; /* [molecules] */
};

static void free_shares(struct share *shares, int ranks) {
  for (int r = 0; shares && r < ranks; r++) {
    free(shares[r].numbers);
    free(shares[r].rows_of);
  }
  free(shares);
}

static int allocate_shares(const int64_t *totals, int ranks, struct share **shares, struct q2_error *error) {
  *shares = q2_allocate(ranks, sizeof **shares);
  int ok = *shares != NULL;
  for (int r = 0; ok && r < ranks; r++) {
    struct share *s = &(*shares)[r];
    s->molecules = totals[2 * r];
    s->rows = totals[2 * r + 1];
    s->numbers = q2_allocate(s->molecules, sizeof *s->numbers);
    s->rows_of = q2_allocate(s->molecules, sizeof *s->rows_of);
    ok = s->numbers && s->rows_of;
  }
  return ok ? Q2_OK : q2_fail(error, "no memory to gather tables on rank 0");
}

/* Rank 0: all shares' numbers and counts are known; lays out the result and finds memory for it and for the largest share. */
static int lay_out(const struct share *shares, int ranks, int64_t total, size_t row_size, int64_t **all_offset, char **all,
                   char **buffer, struct q2_error *error) {
  int64_t largest = 0;
  *all_offset = q2_allocate(total + 1, sizeof **all_offset);
  if (!*all_offset) return q2_fail(error, "no memory to gather tables on rank 0");
  for (int r = 0; r < ranks; r++) {
    for (int64_t m = 0; m < shares[r].molecules; m++)
      (*all_offset)[shares[r].numbers[m] + 1] = shares[r].rows_of[m];
    if (r > 0 && shares[r].rows > largest) largest = shares[r].rows;
  }
  for (int64_t m = 0; m < total; m++)
    (*all_offset)[m + 1] += (*all_offset)[m];
  *all = q2_allocate((*all_offset)[total], row_size);
  *buffer = q2_allocate(largest, row_size);
  return *all && *buffer ? Q2_OK : q2_fail(error, "no memory to gather tables on rank 0");
}

int q2_gather_rows(MPI_Comm comm, const struct q2_dataset *dataset, const int64_t *offset, const void *data, size_t row_size,
                   int64_t **all_offset, void **all, struct q2_error *error) {
  const int64_t count = dataset->molecule_count;
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  if (all_offset) *all_offset = NULL;
  *all = NULL;
  struct share *shares = NULL;
  int64_t *laid_out = NULL;
  char *rows = NULL, *buffer = NULL;
  int64_t *rows_of = q2_allocate(count, sizeof *rows_of);
  int64_t *totals = q2_allocate(2 * (int64_t)ranks, sizeof *totals);
  int status = rows_of && totals ? Q2_OK : q2_fail(error, "no memory to gather tables");
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) {
    for (int64_t m = 0; m < count; m++)
      rows_of[m] = offset ? offset[m + 1] - offset[m] : 1;
    const int64_t mine[2] = {count, offset ? offset[count] : count};
    MPI_Gather(mine, 2, MPI_INT64_T, totals, 2, MPI_INT64_T, 0, comm);
    if (rank == 0) status = allocate_shares(totals, ranks, &shares, error);
    status = q2_agree(comm, status, error);
  }
  const int64_t index_bytes = count * (int64_t)sizeof(int64_t);
  if (status == Q2_OK && rank > 0) {
    send_bytes(comm, dataset->molecule, index_bytes, TAG_NUMBERS);
    send_bytes(comm, rows_of, index_bytes, TAG_COUNTS);
  } else if (status == Q2_OK) {
    memcpy(shares[0].numbers, dataset->molecule, (size_t)index_bytes);
    memcpy(shares[0].rows_of, rows_of, (size_t)index_bytes);
    for (int r = 1; r < ranks; r++) {
      receive_bytes(comm, r, shares[r].numbers, shares[r].molecules * (int64_t)sizeof(int64_t), TAG_NUMBERS);
      receive_bytes(comm, r, shares[r].rows_of, shares[r].molecules * (int64_t)sizeof(int64_t), TAG_COUNTS);
    }
    status = lay_out(shares, ranks, dataset->molecule_total, row_size, &laid_out, &rows, &buffer, error);
  }
  status = q2_agree(comm, status, error);
  if (status == Q2_OK && rank > 0) send_bytes(comm, data, (offset ? offset[count] : count) * (int64_t)row_size, TAG_ROWS);
  for (int r = 0; status == Q2_OK && rank == 0 && r < ranks; r++) {
    if (r > 0) receive_bytes(comm, r, buffer, shares[r].rows * (int64_t)row_size, TAG_ROWS);
    place(shares[r].molecules, shares[r].numbers, shares[r].rows_of, r > 0 ? buffer : data, row_size, laid_out, rows);
  }
  free_shares(shares, ranks);
  free(rows_of);
  free(totals);
  free(buffer);
  if (status == Q2_OK) {
    *all = rows;
    if (all_offset) *all_offset = laid_out;
  } else {
    free(rows);
  }
  if (status != Q2_OK || !all_offset) free(laid_out);
  return status;
}

static int gather_table(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_vibrations *before,
                        const struct q2_vibrations *after, int32_t *atoms, struct q2_molecule_table *table,
                        struct q2_error *error) {
  const size_t size = sizeof(double);
  Q2_TRY(q2_gather_rows(comm, dataset, NULL, dataset->name, sizeof *dataset->name, NULL, (void **)&table->name, error));
  Q2_TRY(q2_gather_rows(comm, dataset, NULL, atoms, sizeof *atoms, NULL, (void **)&table->atoms, error));
  if (dataset->validation)
    Q2_TRY(q2_gather_rows(comm, dataset, NULL, dataset->validation, sizeof *dataset->validation, NULL,
                          (void **)&table->validation, error));
  Q2_TRY(q2_gather_rows(comm, dataset, before->offset, before->reference, size, &table->offset, (void **)&table->reference,
                        error));
  Q2_TRY(q2_gather_rows(comm, dataset, before->offset, before->calculated, size, NULL, (void **)&table->before, error));
  Q2_TRY(q2_gather_rows(comm, dataset, before->offset, before->weight, size, NULL, (void **)&table->weight, error));
  if (after) Q2_TRY(q2_gather_rows(comm, dataset, after->offset, after->calculated, size, NULL, (void **)&table->after, error));
  return Q2_OK;
}

int q2_molecule_table_create(MPI_Comm comm, const struct q2_dataset *dataset, const struct q2_vibrations *before,
                             const struct q2_vibrations *after, struct q2_molecule_table *table, struct q2_error *error) {
  memset(table, 0, sizeof *table);
  int32_t *atoms = q2_allocate_everywhere(comm, dataset->molecule_count, sizeof *atoms, "tables by molecule", error);
  if (!atoms) return Q2_FAILED;
  table->count = dataset->molecule_total;
  for (int64_t m = 0; m < dataset->molecule_count; m++)
    atoms[m] = (int32_t)(dataset->atom_offset[m + 1] - dataset->atom_offset[m]);
  const int status = gather_table(comm, dataset, before, after, atoms, table, error);
  free(atoms);
  if (status != Q2_OK) q2_molecule_table_free(table);
  return status;
}

void q2_molecule_table_free(struct q2_molecule_table *table) {
  free(table->name);
  free(table->atoms);
  free(table->validation);
  free(table->offset);
  free(table->reference);
  free(table->before);
  free(table->after);
  free(table->weight);
  memset(table, 0, sizeof *table);
}

double q2_molecule_rmsd(const struct q2_molecule_table *table, const double *calculated, int64_t m, double *worst) {
  const int64_t first = table->offset[m], end = table->offset[m + 1];
  double sum = 0.0;
  *worst = 0.0;
  for (int64_t k = first; k < end; k++) {
    const double shift = calculated[k] - table->reference[k];
    sum += shift * shift;
    if (fabs(shift) > fabs(*worst)) *worst = shift;
  }
  return end > first ? sqrt(sum / (double)(end - first)) : 0.0;
}
