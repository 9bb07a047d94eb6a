/* The memory that the ranks of one simulated NCCL communicator share. */
#define _DEFAULT_SOURCE
#include "nccl_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "q2sim-nccl-"

enum state { ABSENT, JOINING, PRESENT, FINISHED, LEFT, ABORTED };

/* A rank's chunks alternate between two places: it writes chunk s + 2 where s was only after all others published s + 1, hence
 * read s. */
struct shared_rank {
  atomic_int state;
  atomic_llong published; /* chunks so far */
  unsigned char uuid[SEGMENT_UUID];
  struct segment_operation operation[2];
  _Alignas(64) unsigned char chunk[2][SEGMENT_CHUNK];
};

/* All zero is how it begins. */
struct segment_shared {
  atomic_int ranks;
  struct shared_rank rank[SEGMENT_RANKS];
};

/* The maker's process id of a name, 0: not one of ours. */
static pid_t maker_of(const char *name) {
  const size_t length = strlen(PREFIX);
  return strncmp(name, PREFIX, length) == 0 ? (pid_t)strtol(name + length, NULL, 10) : 0;
}

static int ended(pid_t process) { return process > 0 && kill(process, 0) != 0 && errno == ESRCH; }

/* Removes what no process can want any more: segments whose makers have ended, and those of this one where it is about to. */
static void remove_left_over(int ending) {
  DIR *folder = opendir("/dev/shm");
  if (!folder) return;
  for (const struct dirent *entry; (entry = readdir(folder));) {
    char name[SEGMENT_NAME];
    const pid_t maker = maker_of(entry->d_name);
    if (!(ended(maker) || (ending && maker == getpid())) || strlen(entry->d_name) + 2 > sizeof name) continue;
    snprintf(name, sizeof name, "/%.*s", (int)sizeof name - 2, entry->d_name);
    shm_unlink(name);
  }
  closedir(folder);
}

__attribute__((destructor)) static void remove_own(void) { remove_left_over(1); }

void segment_make_name(char name[SEGMENT_NAME]) {
  static unsigned made;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  remove_left_over(0);
  snprintf(name, SEGMENT_NAME, "/" PREFIX "%ld-%llx%08lx-%x", (long)getpid(), (unsigned long long)now.tv_sec,
           (unsigned long)now.tv_nsec, made++);
}

static struct flock lock_of(int rank) {
  return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = rank, .l_len = 1};
}

static const char *give_up(struct segment *segment, const char *why) {
  segment_close(segment);
  return why;
}

const char *segment_join(struct segment *segment, const char *name, int ranks, int rank,
                         const unsigned char uuid[SEGMENT_UUID]) {
  *segment = (struct segment){.file = -1, .ranks = ranks, .rank = rank};
  if (name[0] != '/' || maker_of(name + 1) == 0 || !memchr(name, 0, SEGMENT_NAME)) return "not an id that ncclGetUniqueId made";
  memcpy(segment->name, name, strlen(name) + 1);
  segment->file = shm_open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (segment->file < 0) return "shared memory cannot be opened";
  if (ftruncate(segment->file, sizeof *segment->shared) != 0) return give_up(segment, "shared memory cannot be sized");
  void *memory = mmap(NULL, sizeof *segment->shared, PROT_READ | PROT_WRITE, MAP_SHARED, segment->file, 0);
  if (memory == MAP_FAILED) return give_up(segment, "shared memory cannot be mapped");
  segment->shared = memory;
  int expected = 0;
  if (!atomic_compare_exchange_strong(&segment->shared->ranks, &expected, ranks) && expected != ranks)
    return give_up(segment, "ranks disagree on how many they are");
  struct flock lock = lock_of(rank);
  struct shared_rank *mine = &segment->shared->rank[rank];
  expected = ABSENT;
  if (!atomic_compare_exchange_strong(&mine->state, &expected, JOINING) || fcntl(segment->file, F_SETLK, &lock) != 0)
    return give_up(segment, "two processes want to be the same rank");
  memcpy(mine->uuid, uuid, SEGMENT_UUID);
  atomic_store(&mine->state, PRESENT);
  return NULL;
}

int segment_complete(struct segment *segment) {
  for (int rank = 0; rank < segment->ranks; rank++) {
    if (atomic_load(&segment->shared->rank[rank].state) < PRESENT) return 0;
  }
  shm_unlink(segment->name); /* whoever comes first; the others find it gone */
  return 1;
}

int segment_same_device(const struct segment *segment, int *first, int *second) {
  for (int i = 0; i < segment->ranks; i++) {
    for (int j = i + 1; j < segment->ranks; j++) {
      if (memcmp(segment->shared->rank[i].uuid, segment->shared->rank[j].uuid, SEGMENT_UUID) != 0) continue;
      *first = i;
      *second = j;
      return 1;
    }
  }
  return 0;
}

/* A rank's process ended without having left: nobody holds its lock. */
static int gone(const struct segment *segment, int rank) {
  struct flock lock = lock_of(rank);
  return fcntl(segment->file, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

int segment_lost(const struct segment *segment) {
  int absent = 0;
  for (int rank = 0; rank < segment->ranks; rank++) {
    const struct shared_rank *other = &segment->shared->rank[rank];
    const int state = atomic_load(&other->state);
    absent |= state < PRESENT;
    if (rank == segment->rank || state < PRESENT) continue;
    if (state == ABORTED) return rank;
    if (state == LEFT && atomic_load(&other->published) < atomic_load(&segment->shared->rank[segment->rank].published))
      return rank;
    if (state < LEFT && gone(segment, rank) && atomic_load(&other->state) < LEFT) return rank;
  }
  return absent && ended(maker_of(segment->name + 1)) ? segment->ranks : -1;
}

void segment_publish(struct segment *segment, const void *data, size_t bytes, struct segment_operation operation) {
  struct shared_rank *mine = &segment->shared->rank[segment->rank];
  memcpy(mine->chunk[segment->chunk & 1], data, bytes);
  mine->operation[segment->chunk & 1] = operation;
  atomic_store(&mine->published, segment->chunk + 1);
}

int segment_published(const struct segment *segment) {
  for (int rank = 0; rank < segment->ranks; rank++) {
    if (atomic_load(&segment->shared->rank[rank].published) <= segment->chunk) return 0;
  }
  return 1;
}

int segment_disagrees(const struct segment *segment) {
  const int place = (int)(segment->chunk & 1);
  const struct segment_operation mine = segment->shared->rank[segment->rank].operation[place];
  for (int rank = 0; rank < segment->ranks; rank++) {
    const struct segment_operation other = segment->shared->rank[rank].operation[place];
    if (other.count != mine.count || other.type != mine.type || other.operation != mine.operation) return rank;
  }
  return -1;
}

const void *segment_chunk(const struct segment *segment, int rank) {
  return segment->shared->rank[rank].chunk[segment->chunk & 1];
}

void segment_advance(struct segment *segment) { segment->chunk++; }

void segment_finish(struct segment *segment) { atomic_store(&segment->shared->rank[segment->rank].state, FINISHED); }

int segment_finished(const struct segment *segment) {
  for (int rank = 0; rank < segment->ranks; rank++) {
    if (atomic_load(&segment->shared->rank[rank].state) < FINISHED) return 0;
  }
  return 1;
}

void segment_leave(struct segment *segment, int orderly) {
  if (!segment->shared) return;
  atomic_store(&segment->shared->rank[segment->rank].state, orderly ? LEFT : ABORTED);
}

void segment_close(struct segment *segment) {
  if (segment->shared) munmap(segment->shared, sizeof *segment->shared);
  if (segment->file >= 0) close(segment->file);
  segment->shared = NULL;
  segment->file = -1;
}
