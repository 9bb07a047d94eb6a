/* The reductions of the simulated NCCL: sum, minimum and maximum of int64, uint64 and double, rank by rank in their order. */
#ifndef Q2_SIMULATED_NCCL_REDUCE_H
#define Q2_SIMULATED_NCCL_REDUCE_H

#include <nccl.h>
#include <stddef.h>

/* Whether the type and operation are among them. */
int reduce_knows(ncclDataType_t type, ncclRedOp_t operation);

/* Bytes of an element. */
size_t reduce_size(ncclDataType_t type);

/* result[count] becomes result (operation) values, or, for the first, values. */
void reduce(ncclDataType_t type, ncclRedOp_t operation, void *result, const void *values, size_t count, int first);

#endif
