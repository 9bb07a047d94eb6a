# Claim: all files named have the same content, and have some.
first=$1
[ -s "$first" ] || { echo "$first is empty or missing"; exit 1; }
for file; do cmp "$first" "$file" || exit 1; done
