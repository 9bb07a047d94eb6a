/* Names of molecules: made by a pattern, unique over all ranks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "gather.h"

/* --- the pattern --- */

static int append(char *name, size_t *length, const char *text, size_t count) {
  if (*length + count >= Q2_NAME_LENGTH) return Q2_FAILED;
  memcpy(name + *length, text, count);
  *length += count;
  name[*length] = '\0';
  return Q2_OK;
}

/* What {word} stands for; NULL: nothing. */
static const char *meaning(const struct q2_sources *sources, int s, const char *word, size_t length, const char *title,
                           const char *record) {
  const struct {
    const char *word, *text;
  } known[] = {{"{stem}", q2_source_text(sources, sources->source[s].stem)},
               {"{folder}", q2_source_text(sources, sources->source[s].folder)},
               {"{title}", title},
               {"{record}", record}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
    if (strlen(known[k].word) == length && strncmp(known[k].word, word, length) == 0) return known[k].text;
  return NULL;
}

int q2_gather_name(const struct q2_sources *sources, int s, const char *pattern, const char *title, int record, int records,
                   char name[Q2_NAME_LENGTH], struct q2_error *error) {
  const char *path = q2_source_path(sources, s, 0);
  char made[Q2_NAME_LENGTH] = "", number[16];
  size_t length = 0;
  int status = Q2_OK;
  snprintf(number, sizeof number, "%d", record);
  if (sources->source[s].name >= 0) {
    const char *given = q2_source_text(sources, sources->source[s].name);
    status = append(made, &length, given, strlen(given));
    pattern = "";
  } else if (!pattern[0]) {
    pattern = records > 1 ? "{stem}-{record}" : "{stem}";
  }
  while (*pattern && status == Q2_OK) {
    const char *close = *pattern == '{' ? strchr(pattern, '}') : NULL;
    const size_t word = close ? (size_t)(close - pattern) + 1 : 1;
    const char *text = close ? meaning(sources, s, pattern, word, title, number) : NULL;
    if (close && !text)
      return q2_fail(error, "option -name: expected {stem}, {folder}, {title} or {record}, found \"%.*s\"", (int)word, pattern);
    status = text ? append(made, &length, text, strlen(text)) : append(made, &length, pattern, 1);
    pattern += word;
  }
  if (status != Q2_OK)
    return q2_fail(error, "%s: the molecule's name \"%s...\" has more than %d characters; -name or a manifest gives others",
                   path, made, Q2_NAME_LENGTH - 1);
  if (!made[0]) return q2_fail(error, "%s: the molecule has no name; -name or a manifest gives one", path);
  memcpy(name, made, sizeof made);
  return Q2_OK;
}

/* --- unique --- */

struct named {
  char name[Q2_NAME_LENGTH];
  int64_t number;
};

static int by_name(const void *a, const void *b) {
  const struct named *x = a, *y = b;
  const int order = strcmp(x->name, y->name);
  return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

/* The numbers of two molecules with one name, the first such pair of the set; -1: there is none. */
static void find_pair(struct named *all, int64_t count, int64_t pair[2]) {
  pair[0] = pair[1] = -1;
  qsort(all, (size_t)count, sizeof *all, by_name);
  for (int64_t k = 1; k < count; k++)
    if (strcmp(all[k - 1].name, all[k].name) == 0 && (pair[1] < 0 || all[k].number < pair[1])) {
      pair[0] = all[k - 1].number;
      pair[1] = all[k].number;
    }
}

/* Fills `all` [total] on rank 0. */
static int collect(MPI_Comm comm, const struct q2_gathered *gathered, struct named **all, struct q2_error *error) {
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const int count = gathered->molecules.count;
  struct named *mine = q2_allocate(count, sizeof *mine);
  int *counts = q2_allocate(2 * (int64_t)ranks, sizeof *counts), *starts = counts ? counts + ranks : NULL;
  *all = q2_allocate(rank == 0 ? gathered->total : 0, sizeof **all);
  const int status = mine && counts && *all ? Q2_OK : q2_fail(error, "no memory for the molecules' names");
  if (q2_agree(comm, status, error) != Q2_OK) {
    free(mine);
    free(counts);
    free(*all);
    return Q2_FAILED;
  }
  for (int m = 0; m < count; m++) {
    memcpy(mine[m].name, gathered->molecules.record[m].name, Q2_NAME_LENGTH);
    mine[m].number = gathered->first + m;
  }
  MPI_Gather(&count, 1, MPI_INT, counts, 1, MPI_INT, 0, comm);
  for (int r = 1; r < ranks && rank == 0; r++)
    starts[r] = starts[r - 1] + counts[r - 1];
  MPI_Datatype type;
  MPI_Type_contiguous((int)sizeof *mine, MPI_BYTE, &type);
  MPI_Type_commit(&type);
  MPI_Gatherv(mine, count, type, *all, counts, starts, type, 0, comm);
  MPI_Type_free(&type);
  free(mine);
  free(counts);
  return Q2_OK;
}

/* Collective: name and files of the molecule with this number. */
static void describe(MPI_Comm comm, const struct q2_gathered *gathered, int64_t number, char name[Q2_NAME_LENGTH],
                     char origin[Q2_LINE_LENGTH]) {
  const int64_t m = number - gathered->first;
  memset(name, 0, Q2_NAME_LENGTH);
  memset(origin, 0, Q2_LINE_LENGTH);
  if (m >= 0 && m < gathered->molecules.count) {
    memcpy(name, gathered->molecules.record[m].name, Q2_NAME_LENGTH);
    memcpy(origin, gathered->facts[m].origin, Q2_LINE_LENGTH);
  }
  MPI_Allreduce(MPI_IN_PLACE, name, Q2_NAME_LENGTH, MPI_UNSIGNED_CHAR, MPI_MAX, comm);
  MPI_Allreduce(MPI_IN_PLACE, origin, Q2_LINE_LENGTH, MPI_UNSIGNED_CHAR, MPI_MAX, comm);
}

int q2_gather_check_names(MPI_Comm comm, const struct q2_gathered *gathered, struct q2_error *error) {
  struct named *all;
  int64_t pair[2] = {-1, -1};
  int rank;
  MPI_Comm_rank(comm, &rank);
  Q2_TRY(collect(comm, gathered, &all, error));
  if (rank == 0) find_pair(all, gathered->total, pair);
  free(all);
  MPI_Bcast(pair, 2, MPI_INT64_T, 0, comm);
  if (pair[1] < 0) return Q2_OK;
  char name[Q2_NAME_LENGTH], first[Q2_LINE_LENGTH], second[Q2_LINE_LENGTH];
  describe(comm, gathered, pair[0], name, first);
  describe(comm, gathered, pair[1], name, second);
  return q2_fail(error, "%s and %s: two molecules are called \"%s\"; -name {folder}-{stem} or a manifest tells them apart",
                 first, second, name);
}
