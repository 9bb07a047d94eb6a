# Claim: the program itself needs no library of CUDA, and the module that does offers just what the program looks up in it.
#     cuda_module.sh PROGRAM [MODULE]
command -v readelf >/dev/null && command -v nm >/dev/null || { echo "skipped: no readelf or nm (Debian: binutils)"; exit 77; }
status=0
if readelf -d "$1" | grep -E 'NEEDED.*lib(cu[a-z]*|nccl|nv[a-zA-Z]*)\.so'; then
  echo "$1 needs that"
  status=1
fi
[ -n "$2" ] || { echo "skipped: built without CUDA"; [ $status -ne 0 ] || status=77; exit $status; }
names=$(nm -D --defined-only "$2" | awk '{ print $3 }' | grep -vE '^(_init|_fini)$' | LC_ALL=C sort)
for name in $names; do
  case "$name" in
  q2_cuda_module | q2_nccl_calls) ;;
  *)
    echo "$2 exports $name"
    status=1
    ;;
  esac
done
case " $(echo $names) " in *" q2_cuda_module "*) ;; *) echo "$2 does not export q2_cuda_module"; status=1 ;; esac
if ldd -r "$2" 2>&1 | grep -E 'not found|undefined symbol: (q2|cu)'; then
  echo "$2 lacks that"
  status=1
fi
exit $status
