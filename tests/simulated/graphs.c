/* Capture of streams into graphs, and graphs that run: every launch submits the graph's nodes as operations, behind what is in
 * the stream, and what comes next in it is behind all of them. */
#include <stdlib.h>

#include "runtime.h"

struct CUgraphNode_st {
  struct q2sim_work *work;
  struct q2sim_nodes needs;
  struct q2sim_operation *operation; /* during a launch */
  int needed;                        /* whether another node comes after it */
};

struct CUgraph_st {
  struct q2sim_nodes nodes; /* in an order in which they can run */
  int references;           /* the handle's and those of what it was instantiated to */
};

struct CUgraphExec_st {
  struct CUgraph_st *graph;
  struct q2sim_operation *last; /* of the last launch: launches of one graph follow one another */
};

void q2sim_nodes_add(struct q2sim_nodes *nodes, struct CUgraphNode_st *node) {
  for (int k = 0; k < nodes->count; k++)
    if (nodes->nodes[k] == node) return;
  struct CUgraphNode_st **more = realloc(nodes->nodes, ((size_t)nodes->count + 1) * sizeof *more);
  if (!more) q2sim_stop("no memory for the simulated device itself");
  nodes->nodes = more;
  nodes->nodes[nodes->count++] = node;
}

void q2sim_nodes_merge(struct q2sim_nodes *into, const struct q2sim_nodes *from) {
  for (int k = 0; k < from->count; k++)
    q2sim_nodes_add(into, from->nodes[k]);
}

void q2sim_nodes_clear(struct q2sim_nodes *nodes) {
  free(nodes->nodes);
  *nodes = (struct q2sim_nodes){0};
}

static void release_graph(struct CUgraph_st *graph) {
  if (--graph->references) return;
  for (int k = 0; k < graph->nodes.count; k++) {
    struct CUgraphNode_st *node = graph->nodes.nodes[k];
    q2sim_work_release(node->work);
    q2sim_nodes_clear(&node->needs);
    free(node);
  }
  q2sim_nodes_clear(&graph->nodes);
  free(graph);
}

/* --- capture --- */

int q2sim_capture_forbids(int always) {
  int forbidden = 0;
  for (struct CUstream_st *stream = q2sim_streams(); stream; stream = stream->next)
    if (stream->capture && (always || stream->capture->mode != cudaStreamCaptureModeRelaxed)) {
      stream->capture->valid = 0;
      forbidden = 1;
    }
  return forbidden;
}

int q2sim_capture_implicit(struct CUstream_st *stream) {
  if (stream != q2sim_streams()) return 0;
  int forbidden = 0;
  for (struct CUstream_st *other = stream->next; other; other = other->next)
    if (other->capture && !(other->flags & cudaStreamNonBlocking)) {
      other->capture->valid = 0;
      forbidden = 1;
    }
  return forbidden;
}

cudaError_t q2sim_capture_node(struct CUstream_st *stream, struct q2sim_work *work) {
  if (!stream->capture->valid) {
    q2sim_work_release(work);
    return q2sim_error(cudaErrorStreamCaptureInvalidated);
  }
  struct CUgraphNode_st *node = calloc(1, sizeof *node);
  if (!node) q2sim_stop("no memory for the simulated device itself");
  node->work = work;
  q2sim_nodes_merge(&node->needs, &stream->behind);
  for (int k = 0; k < node->needs.count; k++)
    node->needs.nodes[k]->needed = 1;
  q2sim_nodes_add(&stream->capture->graph->nodes, node);
  q2sim_nodes_clear(&stream->behind);
  q2sim_nodes_add(&stream->behind, node);
  return cudaSuccess;
}

int q2sim_capturing(cudaStream_t handle) {
  const struct CUstream_st *stream = q2sim_stream(handle);
  return stream && stream->capture;
}

void q2sim_refuse_capture(cudaStream_t handle) {
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream || !stream->capture) return;
  stream->capture->valid = 0;
  q2sim_error(cudaErrorStreamCaptureUnsupported);
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, enum cudaStreamCaptureMode mode) {
  Q2SIM_ENTER(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (stream == q2sim_streams()) return q2sim_error(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return q2sim_error(cudaErrorIllegalState);
  struct q2sim_capture *capture = calloc(1, sizeof *capture);
  struct CUgraph_st *graph = calloc(1, sizeof *graph);
  if (!capture || !graph) q2sim_stop("no memory for the simulated device itself");
  graph->references = 1;
  *capture = (struct q2sim_capture){graph, stream, mode, 1};
  stream->capture = capture;
  q2sim_nodes_clear(&stream->behind);
  return cudaSuccess;
}

/* Whether the end of the capture's first stream comes after all that was captured from others. */
static int joined(const struct q2sim_capture *capture) {
  const struct q2sim_nodes *nodes = &capture->graph->nodes, *end = &capture->origin->behind;
  for (int k = 0; k < nodes->count; k++) {
    int last = 0;
    for (int j = 0; j < end->count; j++)
      last |= end->nodes[j] == nodes->nodes[k];
    if (!last && !nodes->nodes[k]->needed) return 0;
  }
  return 1;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *graph) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (!graph) return q2sim_error(cudaErrorInvalidValue);
  struct q2sim_capture *capture = stream->capture;
  *graph = NULL;
  if (!capture) return q2sim_error(cudaErrorIllegalState);
  if (capture->origin != stream) {
    capture->valid = 0;
    return q2sim_error(cudaErrorStreamCaptureUnmatched);
  }
  const cudaError_t error = !capture->valid    ? cudaErrorStreamCaptureInvalidated
                            : !joined(capture) ? cudaErrorStreamCaptureUnjoined
                                               : cudaSuccess;
  for (struct CUstream_st *other = q2sim_streams(); other; other = other->next)
    if (other->capture == capture) {
      other->capture = NULL;
      q2sim_nodes_clear(&other->behind);
    }
  for (struct CUevent_st *event = q2sim_events(); event; event = event->next)
    if (event->capture == capture) {
      event->capture = NULL;
      q2sim_nodes_clear(&event->behind);
    }
  if (error == cudaSuccess && q2sim_sticky() == cudaSuccess) {
    *graph = capture->graph;
    q2sim_handle("graph", 1);
  } else {
    release_graph(capture->graph);
  }
  free(capture);
  return q2sim_sticky() != cudaSuccess ? q2sim_sticky() : q2sim_error(error);
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, enum cudaStreamCaptureStatus *status) {
  Q2SIM_ENTER(cudaErrorUnknown);
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (q2sim_capture_implicit(stream)) return q2sim_error(cudaErrorStreamCaptureImplicit);
  *status = !stream->capture         ? cudaStreamCaptureStatusNone
            : stream->capture->valid ? cudaStreamCaptureStatusActive
                                     : cudaStreamCaptureStatusInvalidated;
  return cudaSuccess;
}

/* --- graphs --- */

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count) {
  Q2SIM_ENTER(cudaErrorUnknown);
  if (!graph || !count) return q2sim_error(cudaErrorInvalidValue);
  const size_t all = (size_t)graph->nodes.count;
  if (nodes)
    for (size_t k = 0; k < *count; k++)
      nodes[k] = k < all ? graph->nodes.nodes[k] : NULL;
  if (!nodes || *count > all) *count = all;
  return cudaSuccess;
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, enum cudaGraphNodeType *type) {
  Q2SIM_ENTER(cudaErrorUnknown);
  if (!node || !type) return q2sim_error(cudaErrorInvalidValue);
  *type = node->work->type;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  if (!graph) return q2sim_error(cudaErrorInvalidValue);
  release_graph(graph);
  q2sim_handle("graph", -1);
  return q2sim_sticky();
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *handle, cudaGraph_t graph, unsigned long long flags) {
  Q2SIM_ENTER(cudaErrorMemoryAllocation);
  if (!handle || !graph || flags) return q2sim_error(cudaErrorInvalidValue);
  struct CUgraphExec_st *executable = calloc(1, sizeof *executable);
  if (!executable) return q2sim_error(cudaErrorMemoryAllocation);
  executable->graph = graph;
  graph->references++;
  q2sim_handle("graph executable", 1);
  *handle = executable;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  Q2SIM_ENTER_RELEASE(cudaErrorUnknown);
  if (!executable) return q2sim_error(cudaErrorInvalidValue);
  q2sim_operation_release(executable->last);
  release_graph(executable->graph);
  free(executable);
  q2sim_handle("graph executable", -1);
  return q2sim_sticky();
}

/* Whether a node of the graph reads pinned memory that `work` writes. */
static int read_in_graph(const struct CUgraph_st *graph, const struct q2sim_work *work) {
  for (int k = 0; k < graph->nodes.count; k++) {
    const struct q2sim_work *other = graph->nodes.nodes[k]->work;
    if (other->source && (const char *)other->source < (const char *)work->destination + work->bytes &&
        (const char *)work->destination < (const char *)other->source + other->bytes)
      return 1;
  }
  return 0;
}

/* The operation of a node, behind those of the nodes that it needs or, without any, behind `before`. */
static void launch_node(struct CUgraphNode_st *node, struct q2sim_operation *before) {
  struct q2sim_operation **needs = calloc((size_t)node->needs.count + 1, sizeof *needs);
  if (!needs) q2sim_stop("no memory for the simulated device itself");
  int count = 0;
  for (; count < node->needs.count; count++)
    needs[count] = node->needs.nodes[count]->operation;
  if (!count) needs[count++] = before;
  node->work->references++;
  node->operation = q2sim_operation(node->work, needs, count);
  free(needs);
}

static struct q2sim_operation *mark(struct q2sim_operation *const *needs, int count) {
  return q2sim_operation(q2sim_work("cudaGraphLaunch", cudaGraphNodeTypeEmpty, NULL, NULL, NULL), needs, count);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
  Q2SIM_ENTER(cudaErrorLaunchFailure);
  struct CUstream_st *stream = q2sim_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (!executable) return q2sim_error(cudaErrorInvalidValue);
  if (stream->capture) q2sim_stop("a graph is launched into a capture, which is not simulated");
  if (q2sim_capture_implicit(stream)) return q2sim_error(cudaErrorStreamCaptureImplicit);
  const struct CUgraph_st *graph = executable->graph;
  for (int k = 0; k < graph->nodes.count; k++)
    if (!read_in_graph(graph, graph->nodes.nodes[k]->work)) q2sim_poison_destination(graph->nodes.nodes[k]->work);
  int count;
  struct q2sim_operation **needs = q2sim_order(stream, &count); /* has room for one more */
  if (executable->last) needs[count++] = executable->last;
  struct q2sim_operation *begin = mark(needs, count);
  free(needs);
  struct q2sim_operation **ends = calloc((size_t)graph->nodes.count + 1, sizeof *ends);
  if (!ends) q2sim_stop("no memory for the simulated device itself");
  count = 0;
  ends[count++] = begin;
  for (int k = 0; k < graph->nodes.count; k++) {
    launch_node(graph->nodes.nodes[k], begin);
    if (!graph->nodes.nodes[k]->needed) ends[count++] = graph->nodes.nodes[k]->operation;
  }
  struct q2sim_operation *end = mark(ends, count);
  free(ends);
  q2sim_operation_release(begin);
  for (int k = 0; k < graph->nodes.count; k++)
    q2sim_operation_release(graph->nodes.nodes[k]->operation);
  q2sim_operation_release(executable->last);
  executable->last = end;
  end->references++;
  q2sim_append(stream, end);
  return cudaSuccess;
}
