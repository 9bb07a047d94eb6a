/* Which files belong to one molecule: those of one folder with one stem. */
#include <stdlib.h>
#include <string.h>

#include "../../io/formats/molecule_formats.h"
#include "../../io/memory.h"
#include "sources_list.h"

/* Whether some format's files are called just that. */
static int is_whole_name(const char *name) {
  const size_t length = strlen(name);
  for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++)
    for (const char *word = format->endings; *word; word += strcspn(word, " ")) {
      word += strspn(word, " ");
      if (strcspn(word, " ") == length && *word != '.' && strncmp(word, name, length) == 0) return 1;
    }
  return strncmp(name, "xtbopt.", 7) == 0;
}

/* The length of a name without a last word that says what the file holds, not whose it is: "ch3f-hessian". */
static int without_purpose(const char *name, int length) {
  static const char *const purposes[] = {"hessian", "hess", "optimized", "geometry", NULL};
  for (int p = 0; purposes[p]; p++) {
    const int word = (int)strlen(purposes[p]);
    if (length > word + 1 && strncmp(name + length - word, purposes[p], (size_t)word) == 0 &&
        strchr("-_.", name[length - word - 1]))
      return length - word - 1;
  }
  return length;
}

void q2_source_stem(const char *path, struct q2_stem *stem) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
  stem->path_length = slash ? (int)(slash - path) : 0;
  const char *end = path + stem->path_length, *folder = end;
  while (folder > path && folder[-1] != '/')
    folder--;
  stem->folder = folder;
  stem->folder_length = (int)(end - folder);
  if (is_whole_name(name)) { /* such files share their folder's name */
    const int nameless = stem->folder_length == 0 || strncmp(folder, "./", 2) == 0 || strncmp(folder, "../", 3) == 0;
    stem->stem = nameless ? "molecule" : folder;
    stem->stem_length = nameless ? 8 : stem->folder_length;
    return;
  }
  stem->stem = name;
  stem->stem_length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
  stem->stem_length = without_purpose(name, stem->stem_length);
}

int q2_source_set_stem(struct q2_source_list *list, const char *path, struct q2_error *error) {
  struct q2_stem stem;
  q2_source_stem(path, &stem);
  const int64_t name = q2_source_add_text(list, stem.stem, (size_t)stem.stem_length);
  const int64_t folder = q2_source_add_text(list, stem.folder, (size_t)stem.folder_length);
  if (name < 0 || folder < 0) return q2_fail(error, "no memory for the list of files");
  q2_source_last(list)->stem = name;
  q2_source_last(list)->folder = folder;
  return Q2_OK;
}

struct place {
  const char *path;
  struct q2_stem stem;
  int64_t number; /* of the file, as found */
  int64_t first;  /* the number of the first file of its molecule */
};

static int same_molecule(const struct place *x, const struct place *y) {
  return x->stem.path_length == y->stem.path_length && x->stem.stem_length == y->stem.stem_length &&
         strncmp(x->path, y->path, (size_t)x->stem.path_length) == 0 &&
         strncmp(x->stem.stem, y->stem.stem, (size_t)x->stem.stem_length) == 0;
}

static int by_molecule(const void *a, const void *b) {
  const struct place *x = a, *y = b;
  if (x->stem.path_length != y->stem.path_length) return x->stem.path_length < y->stem.path_length ? -1 : 1;
  if (x->stem.stem_length != y->stem.stem_length) return x->stem.stem_length < y->stem.stem_length ? -1 : 1;
  int order = strncmp(x->path, y->path, (size_t)x->stem.path_length);
  if (order == 0) order = strncmp(x->stem.stem, y->stem.stem, (size_t)x->stem.stem_length);
  if (order) return order;
  return x->number < y->number ? -1 : x->number > y->number;
}

static int by_first(const void *a, const void *b) {
  const struct place *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

static int refuse_repeats(struct place *place, int64_t count, struct q2_error *error) {
  qsort(place, (size_t)count, sizeof *place, by_path);
  for (int64_t k = 1; k < count; k++)
    if (strcmp(place[k - 1].path, place[k].path) == 0)
      return q2_fail(error, "%s: named twice among the sources", place[k].path);
  return Q2_OK;
}

static int add_groups(struct q2_source_list *list, const struct place *place, int64_t count, struct q2_error *error) {
  const struct q2_found_file *files = list->found.data;
  for (int64_t k = 0; k < count; k++) {
    if (k == 0 || place[k].first != place[k - 1].first) {
      if (!q2_source_add(list)) return q2_fail(error, "no memory for the list of files");
      Q2_TRY(q2_source_set_stem(list, place[k].path, error));
    }
    Q2_TRY(q2_source_add_sized_file(list, place[k].path, files[place[k].number].size, error));
  }
  return Q2_OK;
}

int q2_sources_put_together(struct q2_source_list *list, struct q2_error *error) {
  struct q2_found_file *files = list->found.data;
  const int64_t count = list->found.count;
  struct place *place = q2_allocate(count, sizeof *place);
  if (!place) return q2_fail(error, "no memory for the list of files");
  for (int64_t k = 0; k < count; k++) {
    place[k].path = files[k].path;
    place[k].number = k;
    q2_source_stem(files[k].path, &place[k].stem);
  }
  int status = refuse_repeats(place, count, error);
  if (status == Q2_OK) {
    qsort(place, (size_t)count, sizeof *place, by_molecule);
    for (int64_t k = 0; k < count; k++)
      place[k].first = k > 0 && same_molecule(&place[k - 1], &place[k]) ? place[k - 1].first : place[k].number;
    qsort(place, (size_t)count, sizeof *place, by_first);
    status = add_groups(list, place, count, error);
  }
  free(place);
  for (int64_t k = 0; k < count; k++)
    free(files[k].path);
  list->found.count = 0;
  return status;
}
