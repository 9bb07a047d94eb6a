# Runs a peer test with the Python that has the peers: build/venv, which jobs/install.sh makes, else python3.
#     run.sh SCRIPT.py ARGUMENTS...     Exit status 77: Python, a package or a data set is missing.
folder=$(cd "$(dirname "$0")" && pwd)
python=$folder/../../build/venv/bin/python
[ -x "$python" ] || python=python3
command -v "$python" >/dev/null || { echo "skipped: Python 3 is missing"; exit 77; }
"$python" -c 'import numpy, h5py, jax, openmm' 2>/dev/null || { echo "skipped: a package of tests/peers/requirements.txt is missing"; exit 77; }
script=$1
shift
for argument; do
  case "$argument" in
  */jobs/data/*) [ -f "$argument" ] || { echo "skipped: there is no $argument"; exit 77; } ;;
  esac
done
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$folder/$script" "$@"
