/* Ranks spread evenly over the devices that they see: an optimal semi-matching of a bipartite graph (Harvey, Ladner, Lovasz
 * and Tamir, J. Algorithms 59 (2006) 53: even when no cost-reducing path is left, section 4). */
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"
#include "devices.h"

enum { NONE = -1 };

/* The graph, and an assignment under way. An entry is one line of one rank's list. */
struct assignment {
  int ranks;
  const struct q2_devices_seen *seen; /* [ranks] */
  int entries, devices;
  int *first;  /* [ranks + 1] a rank's first entry */
  int *of;     /* [entries] its device */
  int *owned;  /* [ranks] the rank's device */
  int *load;   /* [devices] ranks that own it */
  int *owner;  /* [devices] the last rank that came to own it, NONE */
  int *next;   /* [ranks] another owner of the same device, NONE */
  int *mark;   /* [devices] scratch: whom it was last found for */
  int *queue;  /* [devices] scratch: devices of one node, or reached from one */
  int *moving; /* [devices] scratch: the rank that would move here */
};

struct entry {
  const unsigned char *uuid;
  int index;
};

static int compare_entries(const void *a, const void *b) {
  const struct entry *x = a, *y = b;
  const int order = memcmp(x->uuid, y->uuid, Q2_UUID_BYTES);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Numbers the devices in the order of their first entries. */
static void number_devices(struct assignment *a, struct entry *sorted) {
  for (int r = 0, e = 0; r < a->ranks; r++)
    for (int k = 0; k < a->seen[r].count; k++, e++)
      sorted[e] = (struct entry){.uuid = a->seen[r].uuid + (int64_t)k * Q2_UUID_BYTES, .index = e};
  qsort(sorted, (size_t)a->entries, sizeof *sorted, compare_entries);
  for (int e = 0, first = 0; e < a->entries; e++) { /* for now, a device is its first entry */
    if (memcmp(sorted[e].uuid, sorted[first].uuid, Q2_UUID_BYTES) != 0) first = e;
    a->of[sorted[e].index] = sorted[first].index;
  }
  for (int e = 0; e < a->entries; e++)
    a->of[e] = a->of[e] == e ? a->devices++ : a->of[a->of[e]];
}

static void own(struct assignment *a, int rank, int device) {
  a->owned[rank] = device;
  a->next[rank] = a->owner[device];
  a->owner[device] = rank;
  a->load[device]++;
}

static void disown(struct assignment *a, int rank) {
  int *link = &a->owner[a->owned[rank]];
  while (*link != rank)
    link = &a->next[*link];
  *link = a->next[rank];
  a->load[a->owned[rank]]--;
}

static int sees(const struct assignment *a, int rank, int device) {
  for (int e = a->first[rank]; e < a->first[rank + 1]; e++)
    if (a->of[e] == device) return 1;
  return 0;
}

/* The device that fewest own among those that the rank sees, the first of them. */
static int least_loaded(const struct assignment *a, int rank) {
  int best = a->of[a->first[rank]];
  for (int e = a->first[rank]; e < a->first[rank + 1]; e++)
    if (a->load[a->of[e]] < a->load[best]) best = a->of[e];
  return best;
}

/* Blocks of ranks to the devices of the node whose lowest rank is `lowest`. */
static void start_node(struct assignment *a, int lowest) {
  const int node = a->seen[lowest].node;
  int ranks = 0, devices = 0, k = 0;
  for (int r = lowest; r < a->ranks; r++) {
    if (a->seen[r].node != node) continue;
    ranks++;
    for (int e = a->first[r]; e < a->first[r + 1]; e++) {
      if (a->mark[a->of[e]] == lowest) continue;
      a->mark[a->of[e]] = lowest;
      a->queue[devices++] = a->of[e];
    }
  }
  for (int r = lowest; r < a->ranks; r++) {
    if (a->seen[r].node != node) continue;
    const int preferred = a->queue[(int64_t)k++ * devices / ranks];
    own(a, r, sees(a, r, preferred) ? preferred : least_loaded(a, r));
  }
}

/* Looks, breadth first, for a device with at least two ranks fewer than `from` that owners can reach by moving one place each.
 * Returns it or NONE; moving[] then tells the way back. */
static int find_relief(struct assignment *a, int from) {
  int reached = 1;
  a->queue[0] = from;
  a->mark[from] = from;
  for (int q = 0; q < reached; q++)
    for (int r = a->owner[a->queue[q]]; r != NONE; r = a->next[r])
      for (int e = a->first[r]; e < a->first[r + 1]; e++) {
        const int to = a->of[e];
        if (a->mark[to] == from) continue;
        a->mark[to] = from;
        a->moving[to] = r;
        if (a->load[to] + 2 <= a->load[from]) return to;
        a->queue[reached++] = to;
      }
  return NONE;
}

static void clear_marks(struct assignment *a) {
  for (int d = 0; d < a->devices; d++)
    a->mark[d] = NONE;
}

static void make_even(struct assignment *a) {
  for (int changed = 1; changed;) {
    changed = 0;
    clear_marks(a);
    for (int from = 0; from < a->devices; from++) {
      int to = a->load[from] > 1 ? find_relief(a, from) : NONE;
      changed |= to != NONE;
      while (to != NONE && to != from) {
        const int rank = a->moving[to], left = a->owned[rank];
        disown(a, rank);
        own(a, rank, to);
        to = left;
      }
    }
  }
}

static void assign(struct assignment *a, int *choice, int *device) {
  for (int d = 0; d < a->devices; d++)
    a->owner[d] = NONE;
  clear_marks(a);
  for (int r = 0; r < a->ranks; r++)
    a->owned[r] = NONE;
  for (int r = 0; r < a->ranks; r++)
    if (a->owned[r] == NONE) start_node(a, r);
  make_even(a);
  for (int r = 0; r < a->ranks; r++) {
    device[r] = a->owned[r];
    choice[r] = 0;
    while (a->of[a->first[r] + choice[r]] != a->owned[r])
      choice[r]++;
  }
}

int q2_devices_assign(int ranks, const struct q2_devices_seen *seen, int *choice, int *device, struct q2_error *error) {
  int64_t entries = 0;
  for (int r = 0; r < ranks; r++) {
    if (seen[r].count < 1) return q2_fail(error, "rank %d on node %s sees no device", r, seen[r].node_name);
    entries += seen[r].count;
  }
  /* Never more devices than entries. */
  const int64_t integers = 3 * (int64_t)ranks + 1 + 6 * entries;
  int *memory = entries <= INT32_MAX ? q2_allocate(integers, sizeof(int)) : NULL, *free_part = memory;
  struct entry *sorted = q2_allocate(entries, sizeof *sorted);
  int status = Q2_OK;
  if (memory && sorted) {
    struct assignment a = {.ranks = ranks, .seen = seen, .entries = (int)entries};
    int **const by_entry[] = {&a.of, &a.load, &a.owner, &a.mark, &a.queue, &a.moving};
    for (int k = 0; k < 6; k++, free_part += entries)
      *by_entry[k] = free_part;
    a.owned = free_part;
    a.next = free_part + ranks;
    a.first = free_part + 2 * (int64_t)ranks;
    for (int r = 0; r < ranks; r++)
      a.first[r + 1] = a.first[r] + seen[r].count;
    number_devices(&a, sorted);
    assign(&a, choice, device);
  } else
    status = q2_fail(error, "devices of %d ranks: out of memory for %lld entries", ranks, (long long)entries);
  free(sorted);
  free(memory);
  return status;
}
