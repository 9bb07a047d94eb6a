/* Stands in for the report of an assignment: prints what matched nothing, each once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/setup/assignment_report.h"

int q2_assignment_note(struct q2_assignment_report *report, const char *what, const char *types, enum q2_match_how how,
                       int line, const char *row, const char *example, struct q2_error *error) {
  char text[300];
  (void)line;
  (void)row;
  snprintf(text, sizeof text, "%s %s", what, types);
  if (how != Q2_MATCHED_NONE) return Q2_OK;
  char(*known)[300] = report->entries;
  for (int64_t k = 0; k < report->count; k++)
    if (strcmp(known[k], text) == 0) return Q2_OK;
  known = realloc(known, (size_t)(report->count + 1) * sizeof *known);
  if (!known) return q2_fail(error, "no memory");
  memcpy(known[report->count++], text, sizeof text);
  report->entries = known;
  printf("none: %s, %s\n", text, example);
  return Q2_OK;
}
