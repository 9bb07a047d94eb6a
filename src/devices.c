/* Each rank's device, found out together, and the lines that say who owns what. */
#include "devices.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/memory.h"

enum { NODES_NAMED = 8 /* in the text; the others are counted */ };

/* What ranks tell one another: at first all but the device, then all. */
struct rank_entry {
  int32_t node; /* its lowest rank */
  int32_t count;
  int32_t device; /* q2_devices_assign's number */
  unsigned char uuid[Q2_UUID_BYTES];
  char node_name[Q2_NODE_NAME_SIZE];
  char device_name[Q2_DEVICE_NAME_SIZE];
};

static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

/* As the vendor's tools begin it: enough to tell the devices of a cluster apart. */
static void append_uuid(char *text, size_t size, const unsigned char uuid[Q2_UUID_BYTES]) {
  append(text, size, "GPU-%02x%02x%02x%02x", uuid[0], uuid[1], uuid[2], uuid[3]);
}

static int find_node(MPI_Comm comm, struct rank_entry *mine, struct q2_error *error) {
  MPI_Comm node;
  char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
  int rank, length;
  if (MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node) != MPI_SUCCESS)
    return q2_fail(error, "MPI cannot tell which ranks share a node");
  MPI_Comm_rank(comm, &rank);
  mine->node = rank;
  MPI_Bcast(&mine->node, 1, MPI_INT32_T, 0, node);
  MPI_Comm_free(&node);
  MPI_Get_processor_name(name, &length);
  snprintf(mine->node_name, sizeof mine->node_name, "%.*s", (int)sizeof mine->node_name - 1, name);
  return Q2_OK;
}

/* --- the text --- */

/* "rank 3", "ranks 0-2 5": the ranks that own what `owner` owns. */
static void append_owners(char *text, size_t size, int ranks, const struct rank_entry *entry, int owner) {
  int count = 0, last = -2, run = 0;
  for (int r = 0; r < ranks; r++)
    count += entry[r].device == entry[owner].device;
  append(text, size, count == 1 ? " rank" : " ranks");
  for (int r = 0; r <= ranks; r++) {
    if (r < ranks && entry[r].device == entry[owner].device) {
      if (r == last + 1) {
        run++;
      } else {
        if (run > 0) append(text, size, "-%d", last);
        append(text, size, " %d", r);
        run = 0;
      }
      last = r;
    } else if (run > 0) {
      append(text, size, "-%d", last);
      run = 0;
    }
  }
}

/* Whether no lower rank owns the device of rank r: `first_owner` [device_count] knows the lowest owner of each. */
static int owns_first(const struct rank_entry *entry, const int *first_owner, int r) {
  return first_owner[entry[r].device] == r;
}

/* "4 NVIDIA H100 and 2 NVIDIA A100". */
static void append_models(char *text, size_t size, int ranks, const struct rank_entry *entry, const int *first_owner) {
  const char *separator = "";
  for (int r = 0; r < ranks; r++) {
    int count = 0, earlier = 0;
    if (!owns_first(entry, first_owner, r)) continue;
    for (int s = 0; s < ranks && !earlier; s++) {
      if (!owns_first(entry, first_owner, s) || strcmp(entry[s].device_name, entry[r].device_name) != 0) continue;
      earlier = s < r;
      count++;
    }
    if (earlier) continue;
    append(text, size, "%s%d %s", separator, count, entry[r].device_name);
    separator = " and ";
  }
}

static void append_node(char *text, size_t size, int ranks, const struct rank_entry *entry, const int *first_owner, int node) {
  const char *separator = ":";
  append(text, size, "\n  node %s", entry[node].node_name);
  for (int r = node; r < ranks; r++) {
    if (entry[r].node != node || !owns_first(entry, first_owner, r)) continue;
    append(text, size, "%s ", separator);
    append_uuid(text, size, entry[r].uuid);
    append_owners(text, size, ranks, entry, r);
    separator = ",";
  }
}

static void write_text(int ranks, const struct rank_entry *entry, const int *first_owner, struct q2_device_choice *choice) {
  int nodes = 0;
  append(choice->text, sizeof choice->text, "%d rank%s on ", ranks, ranks == 1 ? "" : "s");
  append_models(choice->text, sizeof choice->text, ranks, entry, first_owner);
  for (int r = 0; r < ranks; r++)
    if (entry[r].node == r && nodes++ < NODES_NAMED)
      append_node(choice->text, sizeof choice->text, ranks, entry, first_owner, r);
  if (nodes > NODES_NAMED) append(choice->text, sizeof choice->text, "\n  and %d more nodes", nodes - NODES_NAMED);
}

/* --- the choice --- */

/* The lists of all ranks, one after the other, in *uuid (the caller's to free); each rank's part in seen[]. */
static int gather_lists(MPI_Comm comm, int ranks, int count, const struct q2_device *device, const struct rank_entry *entry,
                        struct q2_devices_seen *seen, unsigned char **uuid, struct q2_error *error) {
  const char what[] = "the ranks' devices";
  int64_t total = 0;
  for (int r = 0; r < ranks; r++)
    total += entry[r].count;
  if (total > INT32_MAX / Q2_UUID_BYTES)
    return q2_fail(error, "%lld devices in the ranks' lists are too many", (long long)total);
  unsigned char *mine = q2_allocate_everywhere(comm, (int64_t)count * Q2_UUID_BYTES, 1, what, error);
  *uuid = mine ? q2_allocate_everywhere(comm, total * Q2_UUID_BYTES, 1, what, error) : NULL;
  int *bytes = *uuid ? q2_allocate_everywhere(comm, 2 * (int64_t)ranks, sizeof *bytes, what, error) : NULL;
  if (bytes) {
    int *start = bytes + ranks;
    for (int k = 0; k < count; k++)
      memcpy(mine + (int64_t)k * Q2_UUID_BYTES, device[k].uuid, Q2_UUID_BYTES);
    for (int r = 0, first = 0; r < ranks; first += entry[r++].count) {
      bytes[r] = entry[r].count * Q2_UUID_BYTES;
      start[r] = first * Q2_UUID_BYTES;
      seen[r] = (struct q2_devices_seen){entry[r].node, entry[r].node_name, entry[r].count, *uuid + start[r]};
    }
    MPI_Allgatherv(mine, count * Q2_UUID_BYTES, MPI_BYTE, *uuid, bytes, start, MPI_BYTE, comm);
  }
  const int status = bytes ? Q2_OK : Q2_FAILED;
  free(bytes);
  free(mine);
  return status;
}

/* Chooses, given the scratch memory: seen [ranks], entry [ranks], number [3][ranks]. */
static int choose(MPI_Comm comm, int count, const struct q2_device *device, struct rank_entry *mine,
                  struct q2_devices_seen *seen, struct rank_entry *entry, int *number, struct q2_device_choice *choice,
                  struct q2_error *error) {
  unsigned char *uuid = NULL;
  int rank, ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int *index = number, *owned = number + ranks, *first_owner = number + 2 * (int64_t)ranks;
  int status = gather_lists(comm, ranks, count, device, entry, seen, &uuid, error);
  if (status == Q2_OK) status = q2_agree(comm, q2_devices_assign(ranks, seen, index, owned, error), error);
  free(uuid);
  Q2_TRY(status);
  choice->index = index[rank];
  const struct q2_device *own = &device[choice->index];
  mine->device = owned[rank];
  memcpy(mine->uuid, own->uuid, Q2_UUID_BYTES);
  snprintf(mine->device_name, sizeof mine->device_name, "%.*s", (int)sizeof own->name - 1, own->name);
  MPI_Allgather(mine, (int)sizeof *mine, MPI_BYTE, entry, (int)sizeof *mine, MPI_BYTE, comm);
  if (MPI_Comm_split(comm, mine->device, rank, &choice->sharers) != MPI_SUCCESS)
    return q2_fail(error, "MPI cannot make a communicator of the ranks that share a device");
  MPI_Comm_size(choice->sharers, &choice->sharer_count);
  memset(first_owner, -1, (size_t)ranks * sizeof *first_owner);
  for (int r = 0; r < ranks; r++) { /* numbered anew, without those that nobody owns */
    int s = 0;
    while (s < choice->device_count && owned[first_owner[s]] != owned[r])
      s++;
    if (s == choice->device_count) first_owner[choice->device_count++] = r;
    entry[r].device = s;
  }
  snprintf(choice->model, sizeof choice->model, "%s", mine->device_name);
  append(choice->label, sizeof choice->label, "%s ", mine->device_name);
  append_uuid(choice->label, sizeof choice->label, mine->uuid);
  write_text(ranks, entry, first_owner, choice);
  return Q2_OK;
}

int q2_devices_choose(MPI_Comm comm, int count, const struct q2_device *device, struct q2_device_choice *choice,
                      struct q2_error *error) {
  struct rank_entry mine = {.count = count > 0 ? count : 0};
  int ranks;
  memset(choice, 0, sizeof *choice);
  choice->sharers = MPI_COMM_NULL;
  MPI_Comm_size(comm, &ranks);
  Q2_TRY(find_node(comm, &mine, error));
  strcpy(choice->node, mine.node_name);
  struct rank_entry *entry = q2_allocate_everywhere(comm, ranks, sizeof *entry, "the ranks' devices", error);
  struct q2_devices_seen *seen = entry ? q2_allocate_everywhere(comm, ranks, sizeof *seen, "the ranks' devices", error) : NULL;
  int *number = seen ? q2_allocate_everywhere(comm, 3 * (int64_t)ranks, sizeof *number, "the ranks' devices", error) : NULL;
  int status = Q2_FAILED;
  if (number) {
    MPI_Allgather(&mine, (int)sizeof mine, MPI_BYTE, entry, (int)sizeof mine, MPI_BYTE, comm);
    status = choose(comm, mine.count, device, &mine, seen, entry, number, choice, error);
  }
  free(number);
  free(seen);
  free(entry);
  return status;
}

void q2_device_choice_free(struct q2_device_choice *choice) {
  if (choice->sharers != MPI_COMM_NULL) MPI_Comm_free(&choice->sharers);
}
