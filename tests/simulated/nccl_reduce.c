/* The reductions of the simulated NCCL. */
#include "nccl_reduce.h"

#include <stdint.h>
#include <string.h>

int reduce_knows(ncclDataType_t type, ncclRedOp_t operation) {
  return (type == ncclInt64 || type == ncclUint64 || type == ncclFloat64) &&
         (operation == ncclSum || operation == ncclMin || operation == ncclMax);
}

size_t reduce_size(ncclDataType_t type) {
  (void)type; /* all that there are */
  return 8;
}

/* SUM is the type that numbers are added in: uint64 for int64, whose sums may wrap around. */
#define REDUCE(NAME, TYPE, SUM)                                                                                                \
  static void NAME(ncclRedOp_t operation, TYPE *result, const TYPE *values, size_t count) {                                    \
    for (size_t i = 0; i < count; i++) {                                                                                       \
      if (operation == ncclSum) {                                                                                              \
        result[i] = (TYPE)((SUM)result[i] + (SUM)values[i]);                                                                   \
      } else if (operation == ncclMin ? values[i] < result[i] : values[i] > result[i]) {                                       \
        result[i] = values[i];                                                                                                 \
      }                                                                                                                        \
    }                                                                                                                          \
  }

REDUCE(reduce_int64, int64_t, uint64_t)
REDUCE(reduce_uint64, uint64_t, uint64_t)
REDUCE(reduce_double, double, double)

void reduce(ncclDataType_t type, ncclRedOp_t operation, void *result, const void *values, size_t count, int first) {
  if (first) {
    memcpy(result, values, count * reduce_size(type));
  } else if (type == ncclInt64) {
    reduce_int64(operation, result, values, count);
  } else if (type == ncclUint64) {
    reduce_uint64(operation, result, values, count);
  } else {
    reduce_double(operation, result, values, count);
  }
}
