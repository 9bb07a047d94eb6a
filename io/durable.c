/* Replacing a file: temporary file, flush, comparison, rename, flush of the directory. */
#define _XOPEN_SOURCE 700 /* realpath, fsync, posix_fadvise, posix_fallocate */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

enum { compare_bytes = 1 << 20, mark_pages = 16, page_bytes = 4096 };

static int fail(const char *path, const char *what, struct q2_error *error) {
  const int reason = errno;
  return q2_fail(error, "%.600s: %s: %s", path, what, strerror(reason));
}

/* The file that `path` means: links followed, and nothing but a regular file replaced (a rename over /dev/null would remove
 * it). */
static int find_target(const char *path, char target[Q2_PATH_LIMIT], struct q2_error *error) {
  struct stat status;
  if (stat(path, &status) == 0) {
    if (!S_ISREG(status.st_mode))
      return q2_fail(error, "%.600s: expected a regular file to replace, found something else", path);
    char *real = realpath(path, NULL);
    if (!real) return fail(path, "cannot be resolved", error);
    const int length = snprintf(target, Q2_PATH_LIMIT, "%s", real);
    free(real);
    if (length >= Q2_PATH_LIMIT) return q2_fail(error, "%.600s: the path is too long", path);
    return Q2_OK;
  }
  if (errno != ENOENT) return fail(path, "cannot be looked at", error);
  if (snprintf(target, Q2_PATH_LIMIT, "%s", path) >= Q2_PATH_LIMIT) return q2_fail(error, "%.600s: the path is too long", path);
  return Q2_OK;
}

static int create_temporary(const char *target, char *temporary, size_t size) {
  int file = -1;
  errno = EEXIST;
  for (int attempt = 0; attempt < 100 && file < 0 && errno == EEXIST; attempt++) {
    snprintf(temporary, size, "%s.%ld.%d.partial", target, (long)getpid(), attempt);
    file = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  return file;
}

/* Returns 0, or -1 with errno. A write may take only a part: then the rest follows. */
static int write_all(int file, const char *data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(file, data, size < (1u << 30) ? size : (1u << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (written == 0) errno = ENOSPC;
      return -1;
    }
    data += written;
    size -= (size_t)written;
  }
  return 0;
}

/* Returns 0 if the file holds exactly these bytes, or -1 with errno. */
static int compare(int file, const char *data, size_t size) {
  /* Flushed pages are dropped first, so that the bytes come from the disk; where that cannot be, the comparison still sees a
   * short file. */
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  char *buffer = malloc(compare_bytes);
  if (!buffer) return -1;
  size_t at = 0;
  int result = 0;
  while (result == 0) {
    const ssize_t found = pread(file, buffer, compare_bytes, (off_t)at);
    if (found < 0 && errno == EINTR) continue;
    if (found < 0) result = -1;
    if (found <= 0) break;
    if ((size_t)found > size - at || memcmp(buffer, data + at, (size_t)found) != 0) {
      errno = EIO;
      result = -1;
    }
    at += (size_t)found;
  }
  free(buffer);
  if (result == 0 && at != size) {
    errno = EIO;
    result = -1;
  }
  return result;
}

/* A rename is on disk when its directory is. Some file systems cannot flush a directory and say EINVAL. */
static int flush_directory(const char *target) {
  char directory[Q2_PATH_LIMIT];
  snprintf(directory, sizeof directory, "%s", target);
  char *slash = strrchr(directory, '/');
  if (!slash)
    snprintf(directory, sizeof directory, ".");
  else
    slash[slash == directory ? 1 : 0] = '\0';
  const int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return errno == EACCES ? 0 : -1; /* a directory may be writable and searchable but not readable */
  int result = fsync(file);
  if (result < 0 && errno == EINVAL) result = 0;
  const int reason = errno;
  close(file);
  errno = reason;
  return result;
}

/* Gives the old file, if there is one, a second name; where the file system knows no hard links it is renamed, and for a moment
 * there is only the second name. Returns 0, or -1 with errno. */
static int keep(const char *target, const char *suffix) {
  char kept[Q2_PATH_LIMIT + 64];
  snprintf(kept, sizeof kept, "%s%s", target, suffix);
  if (access(target, F_OK) != 0) return errno == ENOENT ? 0 : -1;
  if (unlink(kept) != 0 && errno != ENOENT) return -1;
  if (link(target, kept) == 0) return 0;
  if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS && errno != EMLINK) return -1;
  return rename(target, kept);
}

uint64_t q2_durable_mark(const char *path) {
  char page[page_bytes];
  uint64_t mark = Q2_HASH_START;
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  for (int p = 0; p < mark_pages; p++)
    mark = q2_hash_bytes(mark, page, fread(page, 1, sizeof page, file));
  fclose(file);
  return mark;
}

/* The same of a file that is to hold these bytes. */
static uint64_t mark_of(const char *data, size_t size) {
  uint64_t mark = Q2_HASH_START;
  for (int p = 0; p < mark_pages; p++) {
    const size_t length = size < page_bytes ? size : page_bytes;
    mark = q2_hash_bytes(mark, data, length);
    data += length;
    size -= length;
  }
  return mark;
}

/* As late as can be: other programs may be at work. */
static int check_mark(const char *path, const char *target, const uint64_t *mark, struct q2_error *error) {
  const uint64_t there = mark ? q2_durable_mark(target) : 0;
  if (there == 0 || there == *mark) return Q2_OK;
  return q2_fail(error, "%.600s: another run has written it since; each needs a file of its own", path);
}

/* Renames the temporary file over `target`, which keeps its old content under the suffix (NULL: not), and flushes the
 * directory. */
static int put_in_place(const char *path, const char *temporary, const char *target, const char *suffix,
                        struct q2_error *error) {
  if (suffix && keep(target, suffix) != 0) return fail(path, "the old file cannot be kept", error);
  if (rename(temporary, target) != 0) return fail(path, "cannot be renamed into place", error);
  return flush_directory(target) == 0 ? Q2_OK : fail(path, "is written, but its directory cannot be flushed to disk", error);
}

int q2_durable_write(const char *path, const void *data, size_t size, struct q2_error *error) {
  return q2_durable_write_keeping(path, NULL, NULL, data, size, error);
}

int q2_durable_write_keeping(const char *path, const char *suffix, uint64_t *mark, const void *data, size_t size,
                             struct q2_error *error) {
  char target[Q2_PATH_LIMIT], temporary[Q2_PATH_LIMIT + 64];
  Q2_TRY(find_target(path, target, error));
  const int file = create_temporary(target, temporary, sizeof temporary);
  if (file < 0) return fail(path, "cannot be written", error);
  int status = Q2_OK;
  if (write_all(file, data, size) != 0) status = fail(path, "cannot be written", error);
  if (status == Q2_OK && fsync(file) != 0) status = fail(path, "cannot be flushed to disk", error);
  if (status == Q2_OK && compare(file, data, size) != 0) status = fail(path, "does not read back as written", error);
  if (close(file) != 0 && status == Q2_OK) status = fail(path, "cannot be closed", error);
  if (status == Q2_OK) status = check_mark(path, target, mark, error);
  if (status == Q2_OK) {
    status = put_in_place(path, temporary, target, suffix, error);
    /* It is gone where only the directory's flush has failed. */
    if (mark && (status == Q2_OK || access(temporary, F_OK) != 0)) *mark = mark_of(data, size);
  }
  if (status != Q2_OK) unlink(temporary);
  return status;
}

int q2_durable_begin(const char *path, const void *data, size_t size, long long room, struct q2_durable_file *file,
                     struct q2_error *error) {
  Q2_TRY(find_target(path, file->target, error));
  const int descriptor = create_temporary(file->target, file->temporary, sizeof file->temporary);
  if (descriptor < 0) return fail(path, "cannot be written", error);
  int status = write_all(descriptor, data, size) == 0 ? Q2_OK : fail(path, "cannot be written", error);
  if (status == Q2_OK && (errno = posix_fallocate(descriptor, 0, (off_t)room)) != 0) {
    char what[64];
    snprintf(what, sizeof what, "no room for its %lld bytes", room);
    status = fail(path, what, error);
  }
  if (close(descriptor) != 0 && status == Q2_OK) status = fail(path, "cannot be closed", error);
  if (status != Q2_OK) q2_durable_abandon(file);
  return status;
}

int q2_durable_end(const char *path, const struct q2_durable_file *file, struct q2_error *error) {
  const int descriptor = open(file->temporary, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return fail(path, "cannot be flushed to disk", error);
  int status = fsync(descriptor) == 0 ? Q2_OK : fail(path, "cannot be flushed to disk", error);
  if (close(descriptor) != 0 && status == Q2_OK) status = fail(path, "cannot be closed", error);
  return status == Q2_OK ? put_in_place(path, file->temporary, file->target, NULL, error) : status;
}

void q2_durable_abandon(const struct q2_durable_file *file) { unlink(file->temporary); }
