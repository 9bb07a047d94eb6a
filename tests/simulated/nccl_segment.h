/* The memory that the ranks of one simulated NCCL communicator share: POSIX shared memory named by the communicator's id.
 *
 * Every rank holds a lock on one byte of it, so that the system itself tells when a process has ended, however it did. The name
 * is gone once all ranks have joined. Nothing here waits: what is not there yet is asked for again. */
#ifndef Q2_SIMULATED_NCCL_SEGMENT_H
#define Q2_SIMULATED_NCCL_SEGMENT_H

#include <stddef.h>

enum {
  SEGMENT_RANKS = 32,          /* at most */
  SEGMENT_CHUNK = 1024 * 1024, /* bytes: what a rank shows the others at once */
  SEGMENT_NAME = 64,           /* bytes, with the 0 at the end */
  SEGMENT_UUID = 16            /* bytes */
};

/* What a chunk is part of; all ranks must agree. */
struct segment_operation {
  size_t count;
  int type, operation;
};

struct segment_shared;

struct segment {
  char name[SEGMENT_NAME];
  int file; /* -1: not open */
  int ranks, rank;
  long long chunk; /* how many chunks this rank has put away, the number of the next one */
  struct segment_shared *shared;
};

/* Makes a name that no other communicator has; removes segments whose maker has ended, as the maker's own end does. */
void segment_make_name(char name[SEGMENT_NAME]);

/* Joins as `rank` of `ranks`. Returns NULL, or what is wrong; then the segment is closed. */
const char *segment_join(struct segment *segment, const char *name, int ranks, int rank,
                         const unsigned char uuid[SEGMENT_UUID]);

/* Whether all ranks have joined. */
int segment_complete(struct segment *segment);

/* Two ranks with the same device: returns 1 and which. Only once all have joined. */
int segment_same_device(const struct segment *segment, int *first, int *second);

/* Returns a rank that ended or left before its time, or -1. Before all have joined also the maker of the name counts, as
 * `ranks`. */
int segment_lost(const struct segment *segment);

/* Shows the others the next chunk of this rank. */
void segment_publish(struct segment *segment, const void *data, size_t bytes, struct segment_operation operation);

/* Whether all ranks show their next chunk. */
int segment_published(const struct segment *segment);

/* Whether all ranks' chunks belong to the same operation; the rank that does not, or -1. */
int segment_disagrees(const struct segment *segment);

/* The chunk that `rank` shows; valid until segment_advance. */
const void *segment_chunk(const struct segment *segment, int rank);

/* This rank has read all chunks. */
void segment_advance(struct segment *segment);

/* This rank wants nothing more; whether that is true of all. */
void segment_finish(struct segment *segment);
int segment_finished(const struct segment *segment);

/* Leaves: as it should be (1) or as an abort does (0), which the others notice. The memory stays until segment_close. */
void segment_leave(struct segment *segment, int orderly);
void segment_close(struct segment *segment);

#endif
