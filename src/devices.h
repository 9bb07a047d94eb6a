/* Which rank owns which device. A device is known by its UUID, never by its index: indices differ between ranks, above all
 * where a batch system shows each rank only some of a node's devices. */
#ifndef Q2_DEVICES_H
#define Q2_DEVICES_H

#include <mpi.h>
#include <stdint.h>

#include "../io/error.h"

enum { Q2_UUID_BYTES = 16, Q2_DEVICE_NAME_SIZE = 64, Q2_NODE_NAME_SIZE = 64 };

/* A device as a rank sees it. */
struct q2_device {
  unsigned char uuid[Q2_UUID_BYTES];
  char name[Q2_DEVICE_NAME_SIZE]; /* the model, for example "NVIDIA H100 80GB HBM3" */
};

/* What a rank brings to the assignment. */
struct q2_devices_seen {
  int node;              /* equal for the ranks of a node */
  const char *node_name; /* for messages */
  int count;
  const unsigned char *uuid; /* [count][Q2_UUID_BYTES] in the rank's own order */
};

/* Gives each of `ranks` ranks one of the devices that it sees, so that the numbers of ranks on the devices are as even as what
 * they see allows (no rank could move, nor several in turn, to a device that then had fewer). Ranks that see all of a node's
 * devices own them in blocks, in the order in which the node's lowest rank lists them: neighbours share. Equal UUIDs are one
 * device, whatever the nodes. Depends on the arguments alone.
 * seen: [ranks]. choice: [ranks], the index into the rank's own list. device: [ranks], equal where the device is the same; from
 * 0, in the order of the lowest rank that sees it. Fails when a rank sees none, and names it. No MPI. */
int q2_devices_assign(int ranks, const struct q2_devices_seen *seen, int *choice, int *device, struct q2_error *error);

/* The device of this rank. */
struct q2_device_choice {
  int index;        /* into the rank's own list */
  MPI_Comm sharers; /* the ranks that own the same device, in the order of the communicator; rank 0 is their leader */
  int sharer_count; /* >= 1 */
  int device_count; /* distinct devices that some rank of the communicator owns */
  char node[Q2_NODE_NAME_SIZE];         /* this rank's; also after a failure */
  char model[Q2_DEVICE_NAME_SIZE];      /* of this rank's device */
  char label[Q2_DEVICE_NAME_SIZE + 16]; /* this rank's device: "NVIDIA H100 80GB HBM3 GPU-0a1b2c3d" */
  char text[4096];                      /* who owns what, for the first lines of output, the same on every rank: lines
                                         * separated by '\n', without one at the end */
};

/* Chooses a device for each rank of `comm`, given the `count` devices that this rank sees. Collective; fails on every rank or
 * on none. Release `choice` with q2_device_choice_free (also after a failure). */
int q2_devices_choose(MPI_Comm comm, int count, const struct q2_device *device, struct q2_device_choice *choice,
                      struct q2_error *error);

/* Collective over the sharers. */
void q2_device_choice_free(struct q2_device_choice *choice);

#endif
