/* Work that is put off: it runs when something waits for it, as late as it may. An operation knows what must come before it;
 * running one runs just these, the one submitted last first, so that what is in order only by chance comes out of order. */
#include <stdlib.h>
#include <time.h>

#include "runtime.h"

static struct {
  struct q2sim_operation waiting; /* head of the ring of all that wait */
  const struct q2sim_work *running;
  uint64_t submitted;
  long count;
} all = {.waiting = {.previous = &all.waiting, .next = &all.waiting}};

const struct q2sim_work *q2sim_running(void) { return all.running; }
long q2sim_waiting(void) { return all.count; }

struct q2sim_work *q2sim_work(const char *name, enum cudaGraphNodeType type, void (*function)(void *), void *context,
                              void (*release)(void *)) {
  struct q2sim_work *work = calloc(1, sizeof *work);
  if (!work) q2sim_stop("no memory for the simulated device itself");
  *work = (struct q2sim_work){
      .name = name, .type = type, .work = function, .context = context, .release = release, .references = 1};
  return work;
}

void q2sim_work_release(struct q2sim_work *work) {
  if (--work->references) return;
  if (work->release) work->release(work->context);
  free(work);
}

struct q2sim_operation *q2sim_operation(struct q2sim_work *work, struct q2sim_operation *const *needs, int need_count) {
  struct q2sim_operation *operation = calloc(1, sizeof *operation);
  if (!operation) q2sim_stop("no memory for the simulated device itself");
  operation->needs = calloc((size_t)need_count + 1, sizeof *operation->needs);
  if (!operation->needs) q2sim_stop("no memory for the simulated device itself");
  for (int k = 0; k < need_count; k++)
    if (needs[k] && !needs[k]->done) {
      needs[k]->references++;
      operation->needs[operation->need_count++] = needs[k];
    }
  operation->work = work;
  operation->number = ++all.submitted;
  operation->references = 2; /* the ring's and the caller's */
  operation->next = &all.waiting;
  operation->previous = all.waiting.previous;
  operation->previous->next = operation->next->previous = operation;
  all.count++;
  return operation;
}

static void drop_needs(struct q2sim_operation *operation) {
  for (int k = 0; k < operation->need_count; k++)
    q2sim_operation_release(operation->needs[k]);
  free(operation->needs);
  operation->needs = NULL;
  operation->need_count = 0;
}

void q2sim_operation_release(struct q2sim_operation *operation) {
  if (!operation || --operation->references) return;
  drop_needs(operation);
  free(operation);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* Does the operation's work, unless it is not ready, or the device has failed before. Returns whether the operation is done. */
static int perform(struct q2sim_operation *operation) {
  struct q2sim_work *work = operation->work;
  if (q2sim_sticky() == cudaSuccess) {
    all.running = work;
    const int ready = !work->ready || work->ready(work->context);
    if (ready && work->work) work->work(work->context);
    all.running = NULL;
    if (!ready) return 0;
  }
  operation->done = 1;
  operation->time = milliseconds();
  operation->previous->next = operation->next;
  operation->next->previous = operation->previous;
  all.count--;
  drop_needs(operation);
  operation->work = NULL;
  q2sim_work_release(work);
  q2sim_operation_release(operation);
  return 1;
}

static struct q2sim_operation *latest_need(const struct q2sim_operation *operation) {
  struct q2sim_operation *latest = NULL;
  for (int k = 0; k < operation->need_count; k++)
    if (!operation->needs[k]->done && (!latest || operation->needs[k]->number > latest->number)) latest = operation->needs[k];
  return latest;
}

int q2sim_run(struct q2sim_operation *target, int wait) {
  if (!target || target->done) return 1;
  if (all.running) q2sim_stop("%s, while it runs, waits for other work", all.running->name);
  const struct timespec pause = {.tv_nsec = 50000};
  int done = 1;
  q2sim_open();
  target->references++;
  target->resume = NULL;
  for (struct q2sim_operation *operation = target; operation;) {
    struct q2sim_operation *need = latest_need(operation), *resume = operation->resume;
    if (need) {
      need->resume = operation;
      operation = need;
    } else if (perform(operation)) {
      operation = resume;
    } else if (wait) {
      nanosleep(&pause, NULL);
    } else {
      done = 0;
      break;
    }
  }
  q2sim_operation_release(target);
  q2sim_close();
  return done;
}

static int overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
  return a && b && (const char *)a < (const char *)b + b_bytes && (const char *)b < (const char *)a + a_bytes;
}

int q2sim_reads(const void *memory, size_t bytes) {
  for (const struct q2sim_operation *operation = all.waiting.next; operation != &all.waiting; operation = operation->next)
    if (overlap(operation->work->source, operation->work->bytes, memory, bytes)) return 1;
  return 0;
}

void q2sim_poison_destination(const struct q2sim_work *work) {
  if (work->destination && !q2sim_reads(work->destination, work->bytes)) q2sim_poison(work->destination, work->bytes);
}
