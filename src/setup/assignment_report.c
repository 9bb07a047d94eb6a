/* The table of which row each term got. */
#include "assignment_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../io/memory.h"
#include "receive_rows.h"

static const char *const how_names[] = {"types", "wildcard", "new", "none"};

static struct q2_assignment_entry *entries_of(const struct q2_assignment_report *report) { return report->entries.data; }

/* Adds the count of an entry, whose texts are padded with zeros, to that of its equal. */
static int add(struct q2_assignment_report *report, const struct q2_assignment_entry *entry, struct q2_error *error) {
  struct q2_assignment_entry key = *entry; /* what makes it different from others */
  memset(key.example, 0, sizeof key.example);
  key.count = 0;
  const int64_t known = report->entries.count, number = q2_lookup_add(&report->found, &key, sizeof key);
  if (number < 0 || (number == known && !q2_grow(&report->entries, 1, sizeof key)))
    return q2_fail(error, "no memory for the table of assigned rows");
  struct q2_assignment_entry *at = entries_of(report) + number;
  if (number == known) {
    *at = *entry;
    return Q2_OK;
  }
  at->count += entry->count;
  if (strcmp(entry->example, at->example) < 0) memcpy(at->example, entry->example, sizeof at->example);
  return Q2_OK;
}

int q2_assignment_note(struct q2_assignment_report *report, const char *what, const char *types, enum q2_match_how how,
                       int line, const char *row, const char *example, struct q2_error *error) {
  struct q2_assignment_entry entry;
  memset(&entry, 0, sizeof entry);
  snprintf(entry.what, sizeof entry.what, "%s", what);
  snprintf(entry.types, sizeof entry.types, "%s", types);
  snprintf(entry.row, sizeof entry.row, "%s", row);
  snprintf(entry.example, sizeof entry.example, "%s", example);
  entry.how = how;
  entry.line = line;
  entry.count = 1;
  return add(report, &entry, error);
}

void q2_assignment_report_free(struct q2_assignment_report *report) {
  free(report->entries.data);
  q2_lookup_free(&report->found);
  *report = (struct q2_assignment_report){0};
}

static int compare(const void *a, const void *b) {
  const struct q2_assignment_entry *first = a, *second = b;
  int order = strcmp(first->what, second->what);
  if (!order) order = first->how - second->how;
  if (!order) order = strcmp(first->types, second->types);
  if (!order) order = (first->line > second->line) - (first->line < second->line);
  return order ? order : strcmp(first->row, second->row);
}

int q2_assignment_gather(MPI_Comm comm, struct q2_assignment_report *report, struct q2_error *error) {
  void *all;
  int64_t count;
  int status = q2_receive_rows(comm, &report->entries, sizeof(struct q2_assignment_entry), "the table of assigned rows", &all,
                               &count, error);
  if (status != Q2_OK) return status;
  q2_assignment_report_free(report);
  for (int64_t k = 0; k < count && status == Q2_OK; k++)
    status = add(report, (const struct q2_assignment_entry *)all + k, error);
  free(all);
  if (report->entries.count > 1)
    qsort(report->entries.data, (size_t)report->entries.count, sizeof(struct q2_assignment_entry), compare);
  q2_lookup_free(&report->found); /* the order is another one now */
  return q2_agree(comm, status, error);
}

/* Kinds for which most force fields have rows for few combinations of types. */
static int is_sparse(const char *what) {
  static const char *const sparse[] = {"improper", "out-of-plane", "Urey-Bradley", "stretch-bend", "torsion-stretch"};
  for (size_t k = 0; k < sizeof sparse / sizeof *sparse; k++)
    if (strcmp(what, sparse[k]) == 0) return 1;
  return 0;
}

static void print_entry(const struct q2_assignment_entry *entry, struct q2_printer *printer) {
  char row[160], line[32] = "";
  if (entry->line > 0) snprintf(line, sizeof line, ", line %d", entry->line);
  if (entry->how == Q2_MATCHED_NONE)
    snprintf(row, sizeof row, "no row%s%s", entry->row[0] ? ": " : "", entry->row);
  else if (entry->how == Q2_MATCHED_NEW)
    snprintf(row, sizeof row, "new row");
  else
    snprintf(row, sizeof row, "by wildcard %s%s", entry->row, line);
  void (*const print)(struct q2_printer *, const char *, ...) =
      entry->how == Q2_MATCHED_BY_WILDCARD || (entry->how == Q2_MATCHED_NONE && is_sparse(entry->what)) ? q2_print_detail
                                                                                                        : q2_print;
  print(printer, "  %-15s %-28s %6lld  %s; %s\n", entry->what, entry->types, (long long)entry->count, row, entry->example);
}

void q2_assignment_print(const struct q2_assignment_report *report, struct q2_printer *printer) {
  const struct q2_assignment_entry *entry = entries_of(report);
  const int64_t count = report->entries.count;
  int others = 0;
  if (count == 0) return;
  q2_print(printer, "  %-15s %9s %9s %9s %9s\n", "terms", "by types", "wildcard", "new row", "no row");
  for (int64_t begin = 0, end; begin < count; begin = end) {
    long long total[4] = {0};
    for (end = begin; end < count && strcmp(entry[end].what, entry[begin].what) == 0; end++)
      total[entry[end].how] += entry[end].count;
    others |= total[1] + total[2] + total[3] > 0;
    q2_print(printer, "  %-15s %9lld %9lld %9lld %9lld\n", entry[begin].what, total[0], total[1], total[2], total[3]);
  }
  if (others) q2_print(printer, "  (all of it is in /force_field/assignment; -verbose lists what matched by wildcard)\n");
  for (int64_t k = 0; k < count; k++)
    if (entry[k].how != Q2_MATCHED) print_entry(&entry[k], printer);
}

#define ASSIGNMENT "/force_field/assignment/"
/* A column of texts of the table: `offset` bytes into each entry, `size` of them. */
static int store_texts(struct q2_image *image, const char *path, const struct q2_assignment_report *report, size_t offset,
                       size_t size, struct q2_error *error) {
  const int64_t count = report->entries.count;
  char *text = q2_allocate(count, size);
  if (!text) return q2_fail(error, "%s: no memory for %lld rows", path, (long long)count);
  for (int64_t k = 0; k < count; k++)
    memcpy(text + (size_t)k * size, (const char *)(entries_of(report) + k) + offset, size);
  const int status = q2_image_text(image, path, count, (int64_t)size, text, error);
  free(text);
  return status;
}

static int store_numbers(struct q2_image *image, const struct q2_assignment_report *report, int32_t *line, int64_t *number,
                         char (*how)[16], struct q2_error *error) {
  const int64_t count = report->entries.count;
  for (int64_t k = 0; k < count; k++) {
    line[k] = entries_of(report)[k].line;
    number[k] = entries_of(report)[k].count;
    strcpy(how[k], how_names[entries_of(report)[k].how]);
  }
  Q2_TRY(q2_image_text(image, ASSIGNMENT "how", count, sizeof *how, how, error));
  Q2_TRY(q2_image_int32(image, ASSIGNMENT "line", NULL, count, 0, line, error));
  return q2_image_int64(image, ASSIGNMENT "count", NULL, count, 0, number, error);
}

int q2_assignment_store(struct q2_image *image, void *table, struct q2_error *error) {
  const struct q2_assignment_report *report = table;
  const struct q2_assignment_entry *entry = NULL;
  const int64_t count = report->entries.count;
  if (count == 0) return Q2_OK;
  Q2_TRY(store_texts(image, ASSIGNMENT "what", report, offsetof(struct q2_assignment_entry, what), sizeof entry->what, error));
  Q2_TRY(
      store_texts(image, ASSIGNMENT "types", report, offsetof(struct q2_assignment_entry, types), sizeof entry->types, error));
  Q2_TRY(store_texts(image, ASSIGNMENT "row", report, offsetof(struct q2_assignment_entry, row), sizeof entry->row, error));
  Q2_TRY(store_texts(image, ASSIGNMENT "example", report, offsetof(struct q2_assignment_entry, example), sizeof entry->example,
                     error));
  int32_t *line = q2_allocate(count, sizeof *line);
  int64_t *number = q2_allocate(count, sizeof *number);
  char(*how)[16] = q2_allocate(count, sizeof *how);
  const int status = line && number && how ? store_numbers(image, report, line, number, how, error)
                                           : q2_fail(error, ASSIGNMENT ": no memory for %lld rows", (long long)count);
  free(line);
  free(number);
  free(how);
  return status;
}
