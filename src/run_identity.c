/* What a run is, and whether another one may go on from it. */
#include "run_identity.h"

#include <petscsys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "petsc_call.h"

#ifndef Q2HPC_BUILD /* CMake defines it */
#define Q2HPC_BUILD "unknown"
#endif

#define LAST_BITS "last bits of what is evaluated from here on may differ from those of a run that was left alone"

const char *const q2_fact_names[Q2_FACT_COUNT] = {"version", "build", "petsc",       "backend", "gpu",
                                                  "cuda",    "blas",  "blas_kernel", "cpu"};

int q2_run_identity_create(const struct q2_machine *machine, const char *checksum, struct q2_run_identity *identity,
                           struct q2_error *error) {
  char petsc[256] = "", *options = NULL;
  memset(identity, 0, sizeof *identity);
  PetscGetVersion(petsc, sizeof petsc);
  const char *const facts[Q2_FACT_COUNT] = {q2_version(),     Q2HPC_BUILD,          petsc,
                                            machine->backend, machine->gpu,         machine->cuda,
                                            machine->blas,    machine->blas_kernel, machine->cpu};
  for (int f = 0; f < Q2_FACT_COUNT; f++)
    snprintf(identity->fact[f], sizeof identity->fact[f], "%s", facts[f]);
  snprintf(identity->checksum, sizeof identity->checksum, "%s", checksum);
  Q2_PETSC(PetscOptionsGetAll(NULL, &options), error);
  identity->options = strdup(options);
  PetscFree(options);
  return identity->options ? Q2_OK : q2_fail(error, "no memory for the options");
}

void q2_run_identity_free(struct q2_run_identity *identity) {
  free(identity->options);
  identity->options = NULL;
}

/* Beginnings of the names of options that leave every evaluation and every step as they are. */
static const char *const neutral[] = {"-o ",
                                      "-export ",
                                      "-input_trial ",
                                      "-quiet ",
                                      "-backend ",
                                      "-verbose ",
                                      "-threads ",
                                      "-memory ",
                                      "-wave ",
                                      "-checkpoint",
                                      "-restart ",
                                      "-time_limit ",
                                      "-nccl_timeout ",
                                      "-identify",
                                      "-tao_view",
                                      "-tao_monitor",
                                      "-tao_converged_reason",
                                      "-ksp_view",
                                      "-ksp_monitor",
                                      "-ksp_converged_reason",
                                      "-mat_view",
                                      "-vec_view",
                                      "-log_",
                                      "-malloc",
                                      "-memory_view",
                                      "-objects_dump",
                                      "-options_",
                                      "-viewfromoptions",
                                      "-help ",
                                      "-info ",
                                      "-on_error",
                                      NULL};

/* Of those that decide only how an evaluation is computed: its last bits. */
static const char *const manner[] = {"-solvers ", NULL};

/* Of those that decide when a fit ends. */
static const char *const ends[] = {"-tao_max_it ",  "-tao_max_funcs ", "-tao_gatol ", "-tao_grtol ", "-tao_gttol ",
                                   "-tao_steptol ", "-tao_fmin ",      "-fit_stall_", NULL};

static int begins_with(const char *name, const char *const *starts) {
  for (; *starts; starts++)
    if (strncmp(name, *starts, strlen(*starts)) == 0) return 1;
  return 0;
}

/* The option that `text` begins with: its name and one blank, "-name ", and its value. Returns where the next one begins; NULL
 * where there is none any more. An option begins with '-' and a letter, as in PETSc. */
static const char *next_option(const char *text, char name[128], char value[1024]) {
  while (*text == ' ')
    text++;
  if (!*text) return NULL;
  size_t length = strcspn(text, " ");
  snprintf(name, 128, "%.*s ", length < 120 ? (int)length : 120, text);
  text += length;
  const char *begin = text + strspn(text, " "), *end = begin;
  while (*end && !(end[0] == '-' && (end[1] == '_' || (end[1] >= 'A' && end[1] <= 'z')) && end[-1] == ' '))
    end++;
  length = (size_t)(end - begin);
  while (length > 0 && begin[length - 1] == ' ')
    length--;
  snprintf(value, 1024, "%.*s", length < 1000 ? (int)length : 1000, begin);
  return end;
}

/* Finds the option `wanted` in `options`; value: "" where it is absent. Returns whether it is there. */
static int find_option(const char *options, const char *wanted, char value[1024]) {
  char name[128];
  while ((options = next_option(options, name, value)))
    if (strcmp(name, wanted) == 0) return 1;
  value[0] = '\0';
  return 0;
}

/* Options of `some` that others lack or have otherwise. */
static int compare_options(const char *some, const char *others, int some_are_before, int rounds, const char *path,
                           struct q2_printer *printer, struct q2_error *error) {
  char name[128], value[1024], other[1024];
  while ((some = next_option(some, name, value))) {
    if (begins_with(name, neutral)) continue;
    const int there = find_option(others, name, other);
    if (there && (!some_are_before || strcmp(value, other) == 0)) continue; /* looked at the other way round */
    const char *before = some_are_before ? value : other, *now = some_are_before ? other : value;
    const int before_has = some_are_before || there, now_has = !some_are_before || there;
    char text[640];
    snprintf(text, sizeof text, "option %.*s: %.80s has %s%.150s%s, this run %s%.150s%s", (int)strlen(name) - 1, name, path,
             before_has ? "\"" : "", before_has ? before : "none", before_has ? "\"" : "", now_has ? "\"" : "",
             now_has ? now : "none", now_has ? "\"" : "");
    if (begins_with(name, manner)) {
      q2_warn(printer, "%s: " LAST_BITS, text);
      continue;
    }
    if (!begins_with(name, ends)) return q2_fail(error, "%s: it decides the course of the fit, which cannot go on so", text);
    if (rounds > 1) return q2_fail(error, "%s: an earlier round of the fit would end elsewhere", text);
    q2_print(printer, "%s: the fit may end elsewhere\n", text);
  }
  return Q2_OK;
}

int q2_run_identity_compare(const struct q2_run_identity *before, const struct q2_run_identity *now, int rounds,
                            const char *path, struct q2_printer *printer, struct q2_error *error) {
  if (strcmp(before->checksum, now->checksum) != 0)
    return q2_fail(error, "%s: it belongs to an input with checksum %s; this one has %s", path, before->checksum,
                   now->checksum);
  Q2_TRY(compare_options(before->options, now->options, 1, rounds, path, printer, error));
  Q2_TRY(compare_options(now->options, before->options, 0, rounds, path, printer, error));
  for (int f = 0; f < Q2_FACT_COUNT; f++)
    if (strcmp(before->fact[f], now->fact[f]) != 0)
      q2_warn(printer, "%s: %s was \"%s\", is \"%s\": " LAST_BITS, path, q2_fact_names[f], before->fact[f], now->fact[f]);
  if (strcmp(before->fact[Q2_FACT_KERNEL], now->fact[Q2_FACT_KERNEL]) != 0 &&
      strncmp(before->fact[Q2_FACT_BLAS], "OpenBLAS", 8) == 0)
    q2_warn(printer,
            "OPENBLAS_CORETYPE=%s, set before q2hpc starts, brings the kernels of the first run back on any CPU that "
            "can run them",
            before->fact[Q2_FACT_KERNEL]);
  return Q2_OK;
}
