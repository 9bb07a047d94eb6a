/* What this run runs on. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "blas_library.h"

/* The cores that this rank may use: its own where ranks are bound, otherwise a fair share of the node's. */
static int fair_threads(MPI_Comm node, int ranks_on_node) {
  cpu_set_t mine, all;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return 1;
  MPI_Allreduce(&mine, &all, (int)sizeof mine, MPI_BYTE, MPI_BOR, node);
  const int own = CPU_COUNT(&mine), share = CPU_COUNT(&all) / ranks_on_node;
  const int threads = own < share ? own : share;
  return threads > 1 ? threads : 1;
}

static int choose_threads(MPI_Comm comm, const struct q2_options *options, struct q2_machine *machine, struct q2_error *error) {
  MPI_Comm node;
  int rank_on_node, first, threads;
  if (MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node) != MPI_SUCCESS)
    return q2_fail(error, "MPI cannot tell which ranks share a node");
  MPI_Comm_rank(node, &rank_on_node);
  MPI_Comm_size(node, &machine->ranks_on_node);
  first = rank_on_node == 0;
  MPI_Allreduce(&first, &machine->nodes, 1, MPI_INT, MPI_SUM, comm);
  threads = fair_threads(node, machine->ranks_on_node);
  MPI_Allreduce(&threads, &machine->threads, 1, MPI_INT, MPI_MIN, comm);
  if (options->threads > 0) machine->threads = options->threads;
  MPI_Comm_free(&node);
  return Q2_OK;
}

static int all_as_rank_0(MPI_Comm comm, const struct q2_machine *machine) {
  char mine[sizeof machine->blas + sizeof machine->blas_kernel + sizeof machine->cpu] = "", first[sizeof mine];
  snprintf(mine, sizeof mine, "%s|%s|%s", machine->blas, machine->blas_kernel, machine->cpu);
  memcpy(first, mine, sizeof mine);
  MPI_Bcast(first, (int)sizeof first, MPI_CHAR, 0, comm);
  int same = strcmp(mine, first) == 0, all_same;
  MPI_Allreduce(&same, &all_same, 1, MPI_INT, MPI_LAND, comm);
  return all_same;
}

int q2_machine_inspect(MPI_Comm comm, const struct q2_options *options, struct q2_machine *machine, struct q2_error *error) {
  static const char *const cpu_names[] = {"unknown CPU", "x86-64 without AVX2", "x86-64 with AVX2", "x86-64 with AVX-512"};
  memset(machine, 0, sizeof *machine);
  MPI_Comm_size(comm, &machine->ranks);
  Q2_TRY(choose_threads(comm, options, machine, error));
  q2_blas_single_thread();
  q2_blas_describe(machine->blas, sizeof machine->blas, machine->blas_kernel, sizeof machine->blas_kernel, machine->blas_path,
                   sizeof machine->blas_path);
  const int cpu = q2_cpu_level(), kernel = q2_blas_kernel_level(machine->blas_kernel);
  snprintf(machine->cpu, sizeof machine->cpu, "%s", cpu_names[cpu]);
  /* OpenBLAS reads this variable when it is loaded, before main: only the shell can set it. */
  if (kernel == 1 && cpu == 2) machine->export_line = "export OPENBLAS_CORETYPE=Haswell";
  if (kernel == 1 && cpu == 3) machine->export_line = "export OPENBLAS_CORETYPE=SkylakeX";
  machine->kernels_differ = !all_as_rank_0(comm, machine);
  return Q2_OK;
}

void q2_machine_take_backend(struct q2_machine *machine, const struct q2_backends *backends) {
  snprintf(machine->backend, sizeof machine->backend, "%s", backends->backend->name);
  snprintf(machine->backend_reason, sizeof machine->backend_reason, "%s", backends->reason);
  const int cuda = backends->cuda ? backends->cuda->runtime() : 0;
  snprintf(machine->gpu, sizeof machine->gpu, "%s", backends->cuda ? backends->device.model : "none");
  snprintf(machine->cuda, sizeof machine->cuda, cuda > 0 ? "%d.%d" : "none", cuda / 1000, cuda % 1000 / 10);
  snprintf(machine->devices, sizeof machine->devices, "%s", backends->device.text);
}

void q2_machine_print(struct q2_printer *printer, const struct q2_machine *machine) {
  q2_print(printer, "q2hpc %s: %d rank%s on %d node%s, %d thread%s each, backend %s (%s)\n", q2_version(), machine->ranks,
           machine->ranks == 1 ? "" : "s", machine->nodes, machine->nodes == 1 ? "" : "s", machine->threads,
           machine->threads == 1 ? "" : "s", machine->backend, machine->backend_reason);
  if (machine->devices[0]) q2_print(printer, "%s\n", machine->devices);
  q2_print(printer, "BLAS: %s, kernels %s, on %s, one thread a matrix\n", machine->blas, machine->blas_kernel, machine->cpu);
  q2_print_detail(printer, "BLAS from %s\n", machine->blas_path);
  if (machine->export_line)
    q2_warn(printer, "%s uses its %s kernels, older than this CPU (%s): several times slower. Before starting q2hpc:\n  %s",
            machine->blas, machine->blas_kernel, machine->cpu, machine->export_line);
  if (machine->kernels_differ)
    q2_warn(printer,
            "the ranks do not all have the same CPU level and BLAS kernels: results may differ in their last bits from "
            "another run's. OPENBLAS_CORETYPE=Haswell for all ranks makes them alike");
}
