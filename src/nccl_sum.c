/* The sum over devices by NCCL. Part of the CUDA module, and the only file that knows nccl.h. Communicators are non-blocking
 * (ncclConfig_t.blocking = 0, NCCL 2.14 or later): a call may return ncclInProgress, and what became of it is asked for. */
#include "nccl_sum.h"

#include <nccl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(ncclUniqueId) == Q2_NCCL_ID_BYTES, "nccl_sum.h has the size of NCCL's id");
_Static_assert(sizeof(long long) == sizeof(int64_t), "ncclInt64");

struct q2_nccl {
  ncclComm_t comm; /* NULL: not joined, or aborted */
  cudaStream_t stream;
  char error[768];
};

static struct q2_nccl *create(void *stream) {
  struct q2_nccl *nccl = calloc(1, sizeof *nccl);
  if (nccl) nccl->stream = stream;
  return nccl;
}

/* NCCL's answer to the call `what` as a state, with NCCL's text kept when it is a failure. */
static enum q2_nccl_state state_of(struct q2_nccl *nccl, const char *what, ncclResult_t result) {
  if (result == ncclSuccess) return Q2_NCCL_READY;
  if (result == ncclInProgress) return Q2_NCCL_UNDER_WAY;
  const char *detail = ncclGetLastError(nccl->comm);
  snprintf(nccl->error, sizeof nccl->error, "%s: %s%s%s", what, ncclGetErrorString(result), detail && detail[0] ? ": " : "",
           detail ? detail : "");
  for (char *c = nccl->error; *c; c++) /* messages are of one line */
    if (*c == '\n') *c = ' ';
  return result == ncclRemoteError ? Q2_NCCL_FAILED_ELSEWHERE : Q2_NCCL_FAILED;
}

static enum q2_nccl_state make_id(struct q2_nccl *nccl, unsigned char id[Q2_NCCL_ID_BYTES]) {
  ncclUniqueId unique;
  const enum q2_nccl_state state = state_of(nccl, "ncclGetUniqueId", ncclGetUniqueId(&unique));
  if (state == Q2_NCCL_READY) memcpy(id, &unique, sizeof unique);
  return state;
}

static enum q2_nccl_state join(struct q2_nccl *nccl, const unsigned char id[Q2_NCCL_ID_BYTES], int ranks, int rank) {
  ncclUniqueId unique;
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  memcpy(&unique, id, sizeof unique);
  config.blocking = 0;
  return state_of(nccl, "ncclCommInitRankConfig", ncclCommInitRankConfig(&nccl->comm, ranks, unique, rank, &config));
}

static enum q2_nccl_state sum(struct q2_nccl *nccl, int64_t *there, int64_t count) {
  return state_of(nccl, "ncclAllReduce",
                  ncclAllReduce(there, there, (size_t)count, ncclInt64, ncclSum, nccl->comm, nccl->stream));
}

static enum q2_nccl_state leave(struct q2_nccl *nccl) {
  return state_of(nccl, "ncclCommFinalize", ncclCommFinalize(nccl->comm));
}

static enum q2_nccl_state state(struct q2_nccl *nccl) {
  ncclResult_t begun = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(nccl->comm, &begun);
  if (asked != ncclSuccess) return state_of(nccl, "ncclCommGetAsyncError", asked);
  return state_of(nccl, "NCCL", begun);
}

static const char *error(struct q2_nccl *nccl) { return nccl->error; }

static void abort_joined(struct q2_nccl *nccl) {
  if (nccl->comm) ncclCommAbort(nccl->comm);
  nccl->comm = NULL;
}

static void release(struct q2_nccl *nccl) {
  if (nccl->comm) ncclCommDestroy(nccl->comm);
  free(nccl);
}

const struct q2_nccl_calls *q2_nccl_calls(void) {
  static const struct q2_nccl_calls calls = {.create = create,
                                             .make_id = make_id,
                                             .join = join,
                                             .sum = sum,
                                             .leave = leave,
                                             .state = state,
                                             .error = error,
                                             .abort = abort_joined,
                                             .release = release};
  return &calls;
}
