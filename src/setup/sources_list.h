/* The list of sources while it is being made, on one rank: what sources.c and sources_manifest.c share. */
#ifndef Q2_SOURCES_LIST_H
#define Q2_SOURCES_LIST_H

#include "../growing.h"
#include "sources.h"

/* A file found, before files are put together. */
struct q2_found_file {
  char *path; /* owned */
  int64_t size;
};

struct q2_source_list {
  struct q2_growing source, file, text; /* struct q2_source, struct q2_source_file, char */
  struct q2_growing found;              /* struct q2_found_file: not yet put together */
};

/* Appends a text, and gives its offset; -1 without memory. */
int64_t q2_source_add_text(struct q2_source_list *list, const char *text, size_t length);

/* Appends a source without files: all texts -1, nothing given. NULL without memory. */
struct q2_source *q2_source_add(struct q2_source_list *list);

static inline struct q2_source *q2_source_last(struct q2_source_list *list) {
  return (struct q2_source *)list->source.data + (list->source.count - 1);
}

/* Appends a file of known size to the last source. */
int q2_source_add_sized_file(struct q2_source_list *list, const char *path, int64_t size, struct q2_error *error);

/* The same for a file that has not been looked at. Refuses what is no regular file or cannot be read; `where` ("set.manifest:3:
 * " or "") opens the message. */
int q2_source_add_file(struct q2_source_list *list, const char *path, const char *where, struct q2_error *error);

/* The size of the regular file at `path`. */
int q2_source_file_size(const char *path, const char *where, int64_t *size, struct q2_error *error);

/* Sets stem and folder of the last source from the path of one of its files. */
int q2_source_set_stem(struct q2_source_list *list, const char *path, struct q2_error *error);

/* Makes sources of the files that were found, in the order of their first files, and empties that list. A path that is there
 * twice is refused. */
int q2_sources_put_together(struct q2_source_list *list, struct q2_error *error);

/* Reads a manifest: a source for each of its lines. */
int q2_source_read_manifest(struct q2_source_list *list, const char *path, struct q2_error *error);

/* The stem of a path: where it begins and how long it is; and the same for its folder's name. */
struct q2_stem {
  const char *stem, *folder;
  int stem_length, folder_length, path_length; /* path_length: of the folder's whole path */
};
void q2_source_stem(const char *path, struct q2_stem *stem);

#endif
