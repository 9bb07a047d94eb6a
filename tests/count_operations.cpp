// The kernels' bodies with a number type that counts operations. See count_operations.h.
#include <cmath>
#include <cstdint>
#include <type_traits>

static double operations;

// A double that counts.
struct counted {
  double value;
  counted() = default;
  template <class Number, class = typename std::enable_if<std::is_arithmetic<Number>::value>::type>
  constexpr counted(Number number) : value(static_cast<double>(number)) {}
  explicit operator double() const { return value; }
  explicit operator int() const { return static_cast<int>(value); }
  explicit operator int64_t() const { return static_cast<int64_t>(value); }
};
static_assert(sizeof(counted) == sizeof(double), "batches and waves of double are read as such of counted");

#define ARITHMETIC(SYMBOL)                                                                                                     \
  inline counted operator SYMBOL(counted a, counted b) {                                                                       \
    operations++;                                                                                                              \
    return counted(a.value SYMBOL b.value);                                                                                    \
  }                                                                                                                            \
  inline counted &operator SYMBOL##=(counted & a, counted b) { return a = a SYMBOL b; }
ARITHMETIC(+)
ARITHMETIC(-)
ARITHMETIC(*)
ARITHMETIC(/)
#define COMPARISON(SYMBOL)                                                                                                     \
  inline bool operator SYMBOL(counted a, counted b) { return a.value SYMBOL b.value; }
COMPARISON(<)
COMPARISON(>)
COMPARISON(<=)
COMPARISON(>=)
COMPARISON(==)
COMPARISON(!=)
#define FUNCTION(NAME)                                                                                                         \
  inline counted NAME(counted a) {                                                                                             \
    operations++;                                                                                                              \
    return counted(std::NAME(a.value));                                                                                        \
  }
FUNCTION(sqrt)
FUNCTION(exp)
FUNCTION(fabs)
FUNCTION(sin)
FUNCTION(cos)
FUNCTION(acos)
FUNCTION(rint)
FUNCTION(floor)
inline counted operator-(counted a) { return counted(-a.value); }
inline counted fmax(counted a, counted b) { return a < b ? b : a; }
inline counted fmin(counted a, counted b) { return b < a ? b : a; }
inline counted fmod(counted a, counted b) { return operations++, counted(std::fmod(a.value, b.value)); }
inline bool isfinite(counted a) { return std::isfinite(a.value); }
inline bool isnan(counted a) { return std::isnan(a.value); }

#define Q2_KERNEL_REAL counted
#include "../kernels/stages.h"

#include "count_operations.h"

double count_kernel(int kernel, const struct q2_batch *batch, const struct q2_wave *wave) {
  operations = 0;
  switch (kernel) {
#define CASE(ID, BODY, MAJORS, MINORS)                                                                                         \
  case Q2_KERNEL_##ID:                                                                                                         \
    for (int64_t slot = 0; slot < wave->count; slot++) {                                                                       \
      const int64_t m = wave->first + slot;                                                                                    \
      (void)m;                                                                                                                 \
      for (int64_t major = 0; major < (MAJORS); major++) {                                                                     \
        for (int64_t minor = 0; minor < (MINORS); minor++)                                                                     \
          BODY(batch, wave, slot, major, minor);                                                                               \
      }                                                                                                                        \
    }                                                                                                                          \
    break;
    Q2_KERNELS(CASE)
  }
  return operations;
}
