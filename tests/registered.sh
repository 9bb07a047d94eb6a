# Claim: every test program and every end-to-end script is registered in tests/CMakeLists.txt; otherwise nobody would run it.
cd "$1/tests" || exit 1
status=0
for file in test_*.c e2e/*.sh; do
  name=$(basename "$file" .c)
  if grep -q "^\. .*/$name\"$" e2e/*.sh; then continue; fi # part of others
  grep -qw -e "$name" CMakeLists.txt || { echo "tests/$file is not registered in tests/CMakeLists.txt"; status=1; }
done
exit $status
