/* What the parts of the stand-in for the CUDA runtime are to one another. One host thread uses the simulated device. */
#ifndef Q2_SIMULATED_RUNTIME_H
#define Q2_SIMULATED_RUNTIME_H

#include <stdint.h>

#include "place.h"
#include "simulated.h"

enum { Q2SIM_EXIT_WRONG = 87, Q2SIM_EXIT_LEAKS = 88 }; /* exit status after a mistake that was caught, after leaks */

/* --- how a call begins and ends --- */

/* Every function of the runtime begins with it: reads the environment at the first call, counts, returns an error that is due:
 * the sticky one of a device that failed, a fault on demand (its code by the fault's argument, else `fault`). */
#define Q2SIM_ENTER(FAULT)                                                                                                     \
  do {                                                                                                                         \
    const cudaError_t due_ = q2sim_enter(__func__, FAULT);                                                                     \
    if (due_ != cudaSuccess) return due_;                                                                                      \
  } while (0)

/* The same for calls that are not allowed while a stream is being captured, unless the capture is relaxed. */
#define Q2SIM_ENTER_UNSAFE(FAULT)                                                                                              \
  do {                                                                                                                         \
    Q2SIM_ENTER(FAULT);                                                                                                        \
    if (q2sim_capture_forbids(0)) return q2sim_error(cudaErrorStreamCaptureUnsupported);                                       \
  } while (0)

/* The same for calls that release something: they do so on a device that failed too, and return q2sim_sticky() in the end. */
#define Q2SIM_ENTER_RELEASE(FAULT)                                                                                             \
  do {                                                                                                                         \
    const cudaError_t due_ = q2sim_fault(__func__, FAULT);                                                                     \
    if (due_ != cudaSuccess) return due_;                                                                                      \
  } while (0)

cudaError_t q2sim_enter(const char *name, cudaError_t fault);
cudaError_t q2sim_fault(const char *name, cudaError_t fault);

/* Remembers an error for cudaGetLastError, for good if it is one that a device does not recover from. Returns it. */
cudaError_t q2sim_error(cudaError_t error);

/* The error that ended the device's work, or cudaSuccess. */
cudaError_t q2sim_sticky(void);

/* Ends the program because it did what it must not: the message says what. */
void q2sim_stop(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Starts the parts that need it, once. */
void q2sim_start(void);

/* --- counts --- */

void q2sim_add(const char *name, long amount);

/* An integer from the environment. */
long q2sim_setting(const char *name, long otherwise);

/* --- memory --- */

struct q2sim_cell; /* of shadow memory */

struct q2sim_allocation {
  size_t number; /* from 1, in the order of allocation */
  char *start;
  size_t bytes;
  char *pages; /* accessible; a page on either side of them is not */
  size_t page_bytes;
  int pinned, freed;
  const char *call; /* that allocated it */
  void *caller;
  struct q2sim_cell *cells;             /* shadow memory, NULL without instrumented kernels */
  int opened;                           /* to the host, for now */
  struct q2sim_allocation *next_opened; /* of those */
  size_t cell_bytes;                    /* memory of a cell: 4, or 1 once anything smaller was accessed */
};

/* The allocation whose pages, guard pages included, hold the address, living or freed; NULL: none. */
struct q2sim_allocation *q2sim_find(const void *address);

/* The same of a living allocation on the device (pinned 0) or of pinned memory (1) that holds [pointer, pointer + bytes) or,
 * with `bytes` 0, the address. */
struct q2sim_allocation *q2sim_find_range(const void *pointer, size_t bytes, int pinned);

/* Where the device's memory is as a whole. */
int q2sim_is_device(const void *address);

/* Lets the host at device memory, for the time that work or a copy takes; calls nest. */
void q2sim_open(void);
void q2sim_close(void);

/* Opens the allocation that the address lies in, if it may be accessed now: what a fault asks for. Returns whether it may. */
int q2sim_open_at(const void *address);

/* Writes what lies at `address` in words: "offset 40 of allocation 3 (...)". Returns `text`. */
const char *q2sim_describe(const void *address, char *text, size_t length);

/* Fills memory with a pattern of 4 bytes that is NaN for float and double, and a large negative integer. */
#define Q2SIM_POISON UINT32_C(0xFFFA5A5A)
void q2sim_poison(void *memory, size_t bytes);

/* Calls `tell` for each living allocation. */
void q2sim_each_allocation(void (*tell)(const struct q2sim_allocation *allocation, void *context), void *context);

/* Catches accesses to device memory by the host. Other handlers set meanwhile are called for all other addresses. */
void q2sim_watch(void);

/* --- work --- */

/* Something to do, once in a stream or any number of times in graphs; counted references. */
struct q2sim_work {
  const char *name;
  enum cudaGraphNodeType type;
  int (*ready)(void *context); /* NULL: always */
  void (*work)(void *context); /* NULL: nothing, a mark */
  void *context;
  void (*release)(void *context);
  const void *source; /* pinned memory that it reads, pinned memory that it writes, for `bytes`; NULL: none */
  void *destination;
  size_t bytes;
  int references;
};

struct q2sim_work *q2sim_work(const char *name, enum cudaGraphNodeType type, void (*work)(void *), void *context,
                              void (*release)(void *));
void q2sim_work_release(struct q2sim_work *work);

/* Work in a stream. */
struct q2sim_operation {
  struct q2sim_work *work;
  struct q2sim_operation **needs; /* [need_count] that come first */
  int need_count, references, done;
  uint64_t number;                         /* in the order of submission */
  double time;                             /* when it was done, ms */
  struct q2sim_operation *resume;          /* while it is run for another's sake: that one */
  struct q2sim_operation *previous, *next; /* among all that wait */
};

/* Puts work behind `need_count` others. Takes over the reference to the work; the caller gets one to the operation. */
struct q2sim_operation *q2sim_operation(struct q2sim_work *work, struct q2sim_operation *const *needs, int need_count);
void q2sim_operation_release(struct q2sim_operation *operation);

/* Runs the operation and what it needs, the latest first where there is a choice. wait: until it is done, else as far as all is
 * ready. Returns whether it is done. */
int q2sim_run(struct q2sim_operation *operation, int wait);

/* Whether any waiting work reads pinned memory there. */
int q2sim_reads(const void *memory, size_t bytes);

/* Poisons pinned memory that is going to be written by a copy, so that it is not read too early. */
void q2sim_poison_destination(const struct q2sim_work *work);

/* The work that is being run, or NULL. */
const struct q2sim_work *q2sim_running(void);

/* Operations that never ran. */
long q2sim_waiting(void);

/* --- streams, events, graphs --- */

struct q2sim_nodes {
  struct CUgraphNode_st **nodes;
  int count;
};

struct q2sim_capture {
  struct CUgraph_st *graph;
  struct CUstream_st *origin;
  enum cudaStreamCaptureMode mode;
  int valid;
};

struct CUstream_st {
  unsigned flags;
  long polls; /* queries since it was last found empty */
  struct q2sim_operation *last;
  struct q2sim_capture *capture;
  struct q2sim_nodes behind; /* while it is captured: what the next node comes after */
  struct CUstream_st *next;
};

struct CUevent_st {
  unsigned flags;
  long polls;
  struct q2sim_operation *recorded;
  struct q2sim_capture *capture; /* where it was recorded while a stream was captured, else NULL */
  struct q2sim_nodes behind;
  struct CUevent_st *next;
};

/* The stream that a handle means; NULL, with the error remembered, if there is no such. */
struct CUstream_st *q2sim_stream(cudaStream_t handle);

/* All streams, the legacy default stream first. */
struct CUstream_st *q2sim_streams(void);
struct CUevent_st *q2sim_events(void);

/* Puts work, the reference to which it takes over, behind what is in the stream, or into the graph that is captured from it. */
cudaError_t q2sim_submit(struct CUstream_st *stream, struct q2sim_work *work);

/* Waits for all that the stream holds. Returns an error of the device. */
cudaError_t q2sim_synchronize(struct CUstream_st *stream);

/* Puts an operation at the stream's end, of which it takes over a reference. */
void q2sim_append(struct CUstream_st *stream, struct q2sim_operation *operation);

/* What a new operation in the stream comes after, into needs[count], allocated: the stream's last and, by the rules of the
 * legacy default stream, those of others. */
struct q2sim_operation **q2sim_order(struct CUstream_st *stream, int *count);

/* Whether a capture forbids what is about to be done, which it then is invalid after. always: also when it is relaxed. */
int q2sim_capture_forbids(int always);

/* The same of the legacy default stream, which waits for blocking streams that are captured. */
int q2sim_capture_implicit(struct CUstream_st *stream);

/* Adds a node to the graph that is captured from the stream. Takes over the reference to the work. */
cudaError_t q2sim_capture_node(struct CUstream_st *stream, struct q2sim_work *work);

void q2sim_nodes_add(struct q2sim_nodes *nodes, struct CUgraphNode_st *node);
void q2sim_nodes_merge(struct q2sim_nodes *into, const struct q2sim_nodes *from);
void q2sim_nodes_clear(struct q2sim_nodes *nodes);

/* --- kernels and their instrumentation --- */

/* Loads the libraries of kernels that Q2SIM_KERNELS names. */
void q2sim_load_kernels(void);

/* Kernels are instrumented; a launch begins, of which all that is on the stack comes after `stack`. */
void q2sim_shadow_start(void);
void q2sim_shadow_launch(const void *stack);

/* Shadow memory of an allocation. */
void q2sim_shadow_allocate(struct q2sim_allocation *allocation);
void q2sim_shadow_free(struct q2sim_allocation *allocation);

/* A copy from the host or a memset has written there; a copy within the device was made. */
void q2sim_shadow_written(void *pointer, size_t bytes);
void q2sim_shadow_copied(void *destination, const void *source, size_t bytes);

/* Takes note of memory that kernels may read though it is not the device's: the images of their libraries. */
void q2sim_shadow_image(const void *symbol);

/* "kernel NAME, block (x, y, z), thread (x, y, z)" or the name of what runs. Returns `text`. */
const char *q2sim_who(char *text, size_t length);

#endif
