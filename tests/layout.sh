# Claim: clang-format 14 would change nothing (its versions differ in details, so only that one counts).
cd "$1" || exit 1
for formatter in clang-format-14 clang-format; do
  if command -v $formatter >/dev/null && $formatter --version | grep -q 'version 14\.'; then
    exec $formatter --dry-run --Werror src/*.[ch] kernels/*.[ch] io/*.[ch] perfmodels/*.[ch] tests/*.[ch]
  fi
done
echo "skipped: clang-format 14 is missing (Debian: clang-format-14)"
exit 77
