/* Reading a table of eigen-solvers. */
#include "solver_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

const char *const q2_solver_names[] = {"batched", "jacobi", "one_by_one", NULL};

enum { MOST_RULES = 10000 };

static int parse_line(const char *path, int number, const char *line, struct q2_cuda_rule *rule, struct q2_error *error) {
  char name[32];
  int solver = 0;
  if (sscanf(line, "%d %d %31s", &rule->order, &rule->batch, name) != 3 || rule->order < 0 || rule->batch < 0)
    return q2_fail(error, "%s: line %d: expected an order, a number of matrices and a solver", path, number);
  while (q2_solver_names[solver] && strcmp(name, q2_solver_names[solver]) != 0)
    solver++;
  if (!q2_solver_names[solver])
    return q2_fail(error, "%s: line %d: \"%s\" is none of batched, jacobi, one_by_one", path, number, name);
  rule->solver = (enum q2_cuda_solver)solver;
  return Q2_OK;
}

static int read_lines(FILE *file, const char *path, struct q2_solver_table *table, struct q2_error *error) {
  char line[512];
  for (int number = 1; fgets(line, sizeof line, file); number++) {
    if (!strchr(line, '\n') && strlen(line) == sizeof line - 1)
      return q2_fail(error, "%s: line %d: longer than %zu characters", path, number, sizeof line - 2);
    const char *text = line + strspn(line, " \t\r\n");
    if (*text == 0 || *text == '#') continue;
    if (table->count == MOST_RULES) return q2_fail(error, "%s: line %d: more than %d rules", path, number, MOST_RULES);
    Q2_TRY(parse_line(path, number, text, &table->rule[table->count], error));
    table->count++;
  }
  if (ferror(file)) return q2_fail(error, "%s: %s", path, strerror(errno));
  return table->count > 0 ? Q2_OK : q2_fail(error, "%s: expected at least one rule", path);
}

int q2_solver_table_read(const char *path, struct q2_solver_table *table, struct q2_error *error) {
  memset(table, 0, sizeof *table);
  FILE *file = fopen(path, "r");
  if (!file) return q2_fail(error, "%s: %s", path, strerror(errno));
  table->rule = q2_allocate(MOST_RULES, sizeof *table->rule);
  const int status = table->rule ? read_lines(file, path, table, error) : q2_fail(error, "%s: out of memory", path);
  fclose(file);
  return status;
}

void q2_solver_table_free(struct q2_solver_table *table) {
  free(table->rule);
  memset(table, 0, sizeof *table);
}
