# Passes if a command ends with the exit status and says what matches the pattern (grep -E):
#     caught.sh STATUS PATTERN COMMAND...
status=$1 pattern=$2
shift 2
"$@" >caught.out 2>&1
was=$?
cat caught.out
if [ $was -ne "$status" ]; then
  echo "exit status $was, not $status"
  exit 1
fi
if ! grep -Eq "$pattern" caught.out; then
  echo "nothing said matches: $pattern"
  exit 1
fi
