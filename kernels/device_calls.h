/* The few calls on a device that code outside of its backend needs, as a table: whoever uses it needs no header of the device's
 * libraries, and tests can put one in that fails. */
#ifndef Q2_DEVICE_CALLS_H
#define Q2_DEVICE_CALLS_H

#include <stdint.h>

/* All work is queued in the one order in which it is asked for (a stream), behind what the backend has queued there. `context`
 * is the backend's own. Functions that begin something return 1, or -1 on an error, which error() then describes. */
struct q2_device_calls {
  /* Begin a copy of `bytes` bytes from device to host (get) or from host to device (put); `here` is memory of the host that the
   * device may access (pinned) and stays as it is until the copy is done. */
  int (*get_begin)(void *context, void *here, const void *there, int64_t bytes);
  int (*put_begin)(void *context, void *there, const void *here, int64_t bytes);

  /* Whether all that was queued is done: 1 yes, 0 not yet, -1 an error, of any work queued so far. Never waits. */
  int (*done)(void *context);

  /* The last error's text, valid until the next call. */
  const char *(*error)(void *context);
};

#endif
