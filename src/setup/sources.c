/* From the words of the command line to a list of files, put together by molecule. */
#include "sources.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../io/formats/molecule_formats.h"
#include "../../io/memory.h"
#include "sources_list.h"

enum { DEEPEST = 64 /* folders below each other */, PATH_LENGTH = 4096 };

int q2_natural_order(const char *first, const char *second) {
  const char *a = first, *b = second;
  while (*a && *b) {
    if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
      while (*a == '0' && isdigit((unsigned char)a[1]))
        a++;
      while (*b == '0' && isdigit((unsigned char)b[1]))
        b++;
      const size_t long_a = strspn(a, "0123456789"), long_b = strspn(b, "0123456789");
      if (long_a != long_b) return long_a < long_b ? -1 : 1;
      const int order = strncmp(a, b, long_a);
      if (order) return order;
      a += long_a;
      b += long_b;
    } else {
      if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
      a++;
      b++;
    }
  }
  if (*a || *b) return *a ? 1 : -1;
  return strcmp(first, second); /* they differ in leading zeros, if at all */
}

/* --- the list --- */

int64_t q2_source_add_text(struct q2_source_list *list, const char *text, size_t length) {
  const int64_t offset = list->text.count;
  char *place = q2_grow(&list->text, (int64_t)length + 1, 1);
  if (!place) return -1;
  memcpy(place, text, length);
  return offset;
}

struct q2_source *q2_source_add(struct q2_source_list *list) {
  struct q2_source *source = q2_grow(&list->source, 1, sizeof *source);
  if (!source) return NULL;
  source->first_file = (int32_t)list->file.count;
  source->name = source->stem = source->folder = source->where = -1;
  return source;
}

int q2_source_file_size(const char *path, const char *where, int64_t *size, struct q2_error *error) {
  struct stat facts;
  if (stat(path, &facts) != 0) return q2_fail(error, "%s%s: %s", where, path, strerror(errno));
  if (!S_ISREG(facts.st_mode)) return q2_fail(error, "%s%s: expected a regular file", where, path);
  *size = (int64_t)facts.st_size;
  return Q2_OK;
}

int q2_source_add_sized_file(struct q2_source_list *list, const char *path, int64_t size, struct q2_error *error) {
  const int64_t text = q2_source_add_text(list, path, strlen(path));
  struct q2_source_file *file = text < 0 ? NULL : q2_grow(&list->file, 1, sizeof *file);
  if (!file) return q2_fail(error, "no memory for the list of files");
  file->path = text;
  file->size = size;
  q2_source_last(list)->file_count++;
  return Q2_OK;
}

int q2_source_add_file(struct q2_source_list *list, const char *path, const char *where, struct q2_error *error) {
  int64_t size = 0;
  Q2_TRY(q2_source_file_size(path, where, &size, error));
  return q2_source_add_sized_file(list, path, size, error);
}

/* --- files, folders, patterns --- */

static int found(struct q2_source_list *list, const char *path, int64_t size, struct q2_error *error) {
  struct q2_found_file *file = q2_grow(&list->found, 1, sizeof *file);
  if (file) file->path = strdup(path);
  if (!file || !file->path) return q2_fail(error, "no memory for the list of files");
  file->size = size;
  return Q2_OK;
}

static int by_name(const void *a, const void *b) {
  return q2_natural_order(((const struct q2_found_file *)a)->path, ((const struct q2_found_file *)b)->path);
}

static int search(struct q2_source_list *list, const char *folder, int any_ending, int depth, struct q2_error *error);

static int look_at(struct q2_source_list *list, const char *folder, const char *name, int any_ending, int depth,
                   struct q2_error *error) {
  char path[PATH_LENGTH];
  struct stat facts;
  if (name[0] == '.') return Q2_OK;
  const char *between = folder[strlen(folder) - 1] == '/' ? "" : "/";
  if (snprintf(path, sizeof path, "%s%s%s", folder, between, name) >= (int)sizeof path)
    return q2_fail(error, "the path %.80s... is too long", folder);
  if (lstat(path, &facts) != 0) return q2_fail(error, "%s: %s", path, strerror(errno));
  if (S_ISDIR(facts.st_mode)) return search(list, path, any_ending, depth + 1, error);
  if (S_ISLNK(facts.st_mode) && stat(path, &facts) != 0) return Q2_OK; /* leads nowhere: not a file */
  if (!S_ISREG(facts.st_mode) || !(any_ending || q2_molecule_format_fits(path))) return Q2_OK;
  return found(list, path, (int64_t)facts.st_size, error);
}

/* Links to folders are not followed: they may lead back. */
static int search(struct q2_source_list *list, const char *folder, int any_ending, int depth, struct q2_error *error) {
  if (depth > DEEPEST) return q2_fail(error, "%s: more than %d folders below each other", folder, DEEPEST);
  DIR *directory = opendir(folder);
  if (!directory) return q2_fail(error, "%s: %s", folder, strerror(errno));
  int status = Q2_OK;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(directory);
    if (!entry) {
      if (errno) status = q2_fail(error, "%s: %s", folder, strerror(errno));
      break;
    }
    status = look_at(list, folder, entry->d_name, any_ending, depth, error);
    if (status != Q2_OK) break;
  }
  closedir(directory);
  return status;
}

static int search_folder(struct q2_source_list *list, const char *folder, int any_ending, struct q2_error *error) {
  const int64_t before = list->found.count;
  Q2_TRY(search(list, folder, any_ending, 0, error));
  const int64_t more = list->found.count - before;
  if (more == 0) {
    char endings[512] = "";
    for (const struct q2_molecule_format *format = q2_molecule_formats; format->name; format++) {
      const size_t length = strlen(endings);
      snprintf(endings + length, sizeof endings - length, "%s", format->endings + (length > 0));
    }
    return q2_fail(error, "%s: expected files of molecules in this folder, found none%s%s", folder,
                   any_ending ? "" : " with an ending out of", any_ending ? "" : endings);
  }
  struct q2_found_file *files = list->found.data;
  qsort(files + before, (size_t)more, sizeof *files, by_name);
  return Q2_OK;
}

/* --- words --- */

static int ends_with(const char *word, const char *ending) {
  const size_t length = strlen(word), end = strlen(ending);
  return length > end && strcmp(word + length - end, ending) == 0;
}

static int take_path(struct q2_source_list *list, const char *path, int any_ending, struct q2_error *error) {
  struct stat facts;
  if (stat(path, &facts) != 0) return q2_fail(error, "%s: %s", path, strerror(errno));
  if (S_ISDIR(facts.st_mode)) return search_folder(list, path, any_ending, error);
  if (ends_with(path, ".manifest")) {
    Q2_TRY(q2_sources_put_together(list, error)); /* what came before keeps its place */
    return q2_source_read_manifest(list, path, error);
  }
  int64_t size = 0;
  Q2_TRY(q2_source_file_size(path, "", &size, error));
  return found(list, path, size, error);
}

static int take_pattern(struct q2_source_list *list, const char *pattern, int any_ending, struct q2_error *error) {
  glob_t matches;
  const int outcome = glob(pattern, GLOB_NOSORT, NULL, &matches);
  if (outcome == GLOB_NOMATCH) return q2_fail(error, "%s: expected files, found none that the pattern fits", pattern);
  if (outcome != 0) return q2_fail(error, "%s: the pattern's files cannot be listed", pattern);
  struct q2_found_file *paths = q2_allocate((int64_t)matches.gl_pathc, sizeof *paths);
  int status = paths ? Q2_OK : q2_fail(error, "no memory for the list of files");
  for (size_t k = 0; k < matches.gl_pathc && status == Q2_OK; k++)
    paths[k].path = matches.gl_pathv[k];
  if (status == Q2_OK) qsort(paths, matches.gl_pathc, sizeof *paths, by_name);
  for (size_t k = 0; k < matches.gl_pathc && status == Q2_OK; k++)
    status = take_path(list, paths[k].path, any_ending, error);
  free(paths);
  globfree(&matches);
  return status;
}

static int take_words(struct q2_source_list *list, int count, char *const *words, int any_ending, struct q2_error *error) {
  for (int w = 0; w < count; w++) {
    struct stat facts;
    if (strpbrk(words[w], "*?[") && stat(words[w], &facts) != 0)
      Q2_TRY(take_pattern(list, words[w], any_ending, error));
    else
      Q2_TRY(take_path(list, words[w], any_ending, error));
  }
  Q2_TRY(q2_sources_put_together(list, error));
  if (list->file.count > INT_MAX / 2) return q2_fail(error, "too many files: %lld", (long long)list->file.count);
  return Q2_OK;
}

static int finish_list(struct q2_source_list *list, struct q2_sources *sources, struct q2_error *error) {
  sources->count = (int32_t)list->source.count;
  sources->file_count = (int32_t)list->file.count;
  sources->text_size = list->text.count;
  sources->source = q2_grown(&list->source);
  sources->file = q2_grown(&list->file);
  sources->text = q2_grown(&list->text);
  if (!sources->source || !sources->file || !sources->text) return q2_fail(error, "no memory for the list of files");
  return sources->text_size <= INT_MAX ? Q2_OK : q2_fail(error, "the paths of the sources take more than 2 GiB");
}

static void release_list(struct q2_source_list *list) {
  struct q2_found_file *files = list->found.data;
  for (int64_t k = 0; k < list->found.count; k++)
    free(files[k].path);
  free(list->found.data);
  free(list->source.data);
  free(list->file.data);
  free(list->text.data);
}

static int share(MPI_Comm comm, struct q2_sources *sources, struct q2_error *error) {
  int rank;
  int64_t sizes[3] = {sources->count, sources->file_count, sources->text_size};
  MPI_Comm_rank(comm, &rank);
  MPI_Bcast(sizes, 3, MPI_INT64_T, 0, comm);
  int status = Q2_OK;
  if (rank > 0) {
    sources->count = (int32_t)sizes[0];
    sources->file_count = (int32_t)sizes[1];
    sources->text_size = sizes[2];
    sources->source = q2_allocate(sizes[0], sizeof *sources->source);
    sources->file = q2_allocate(sizes[1], sizeof *sources->file);
    sources->text = q2_allocate(sizes[2], 1);
    if (!sources->source || !sources->file || !sources->text) status = q2_fail(error, "no memory for the list of files");
  }
  Q2_TRY(q2_agree(comm, status, error));
  MPI_Datatype source, file;
  MPI_Type_contiguous((int)sizeof *sources->source, MPI_BYTE, &source);
  MPI_Type_contiguous((int)sizeof *sources->file, MPI_BYTE, &file);
  MPI_Type_commit(&source);
  MPI_Type_commit(&file);
  MPI_Bcast(sources->source, sources->count, source, 0, comm);
  MPI_Bcast(sources->file, sources->file_count, file, 0, comm);
  MPI_Bcast(sources->text, (int)sources->text_size, MPI_CHAR, 0, comm);
  MPI_Type_free(&source);
  MPI_Type_free(&file);
  return Q2_OK;
}

int q2_sources_find(MPI_Comm comm, int word_count, char *const *words, int any_ending, struct q2_sources *sources,
                    struct q2_error *error) {
  int rank, status = Q2_OK;
  memset(sources, 0, sizeof *sources);
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) {
    struct q2_source_list list = {0};
    status = take_words(&list, word_count, words, any_ending, error);
    if (status == Q2_OK) status = finish_list(&list, sources, error);
    release_list(&list);
  }
  status = q2_agree(comm, status, error);
  if (status == Q2_OK) status = share(comm, sources, error);
  if (status != Q2_OK) q2_sources_free(sources);
  return status;
}

void q2_sources_free(struct q2_sources *sources) {
  free(sources->source);
  free(sources->file);
  free(sources->text);
  memset(sources, 0, sizeof *sources);
}

const char *q2_source_text(const struct q2_sources *sources, int64_t offset) {
  return offset < 0 ? "" : sources->text + offset;
}

const char *q2_source_path(const struct q2_sources *sources, int s, int f) {
  return sources->text + sources->file[sources->source[s].first_file + f].path;
}
