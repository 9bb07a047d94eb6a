/* Checks for tests: one that fails prints file, line and values, and the test goes on; the count becomes the exit status. */
#ifndef Q2_CHECK_H
#define Q2_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Of this rank, in all files of this test program (weak: one for all of them); the first 20 are printed. */
__attribute__((weak)) int check_failures;

static inline void check_report(const char *file, int line, const char *text, int condition, ...) {
  if (condition || ++check_failures > 20) return;
  va_list arguments;
  va_start(arguments, condition);
  const char *format = va_arg(arguments, const char *);
  fprintf(stderr, "%s:%d: not true: %s", file, line, text);
  if (format) {
    fputs("\n  ", stderr);
    vfprintf(stderr, format, arguments);
  }
  fputc('\n', stderr);
  va_end(arguments);
}

/* CHECK(condition) or CHECK(condition, "a %d, b %d", a, b): the text says which values were found. */
#define CHECK(...) check_report(__FILE__, __LINE__, #__VA_ARGS__, __VA_ARGS__, (const char *)NULL)

/* |a - b| <= tolerance; NaN fails. */
#define CHECK_CLOSE(a, b, tolerance)                                                                                           \
  CHECK(fabs((a) - (b)) <= (tolerance), "%.17g and %.17g differ by %.3g > %.3g", (double)(a), (double)(b), fabs((a) - (b)),    \
        (double)(tolerance))

/* For main's return: non-zero when a check failed. */
static inline int check_result(void) {
  if (check_failures > 0) fprintf(stderr, "%d check%s failed\n", check_failures, check_failures == 1 ? "" : "s");
  return check_failures > 0;
}

#endif
