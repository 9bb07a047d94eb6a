/* The calls of storage that a linker's --wrap puts a test between. */
#ifndef Q2_WRAPPED_CALLS_H
#define Q2_WRAPPED_CALLS_H

#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int file, const void *data, size_t size);
ssize_t __real_pread(int file, void *data, size_t size, off_t at);
int __real_fsync(int file);
int __real_close(int file);
int __real_rename(const char *old, const char *new);
int __real_link(const char *old, const char *new);
int __real_unlink(const char *path);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int file, const void *data, size_t size);
ssize_t __wrap_pread(int file, void *data, size_t size, off_t at);
int __wrap_fsync(int file);
int __wrap_close(int file);
int __wrap_rename(const char *old, const char *new);
int __wrap_link(const char *old, const char *new);
int __wrap_unlink(const char *path);

#endif
