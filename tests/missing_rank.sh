# Claim: where a rank cannot come to where all agree that one failed, the run ends within seconds, with one message and a status
# that is not 0.
#     missing_rank.sh TEST_RANK_SUM missing|stuck    a rank never comes to the sum; NCCL fails and its abort hangs
program=$1 how=$2
case $how in
missing) expected='rank 0 on node alpha, fake device 0: the sum over ranks: not done after 1 s' ;;
stuck) expected='rank 0 on node alpha, fake device 0: the sum over ranks: fake NCCL: a broken line' ;;
esac
begin=$(date +%s)
timeout 60 ${Q2HPC_MPIRUN} 3 "$program" "$how" >output 2>&1
status=$?
cat output
[ $status -ne 0 ] && [ $status -ne 124 ] || { echo "status $status"; exit 1; }
[ "$(grep -c '^q2hpc: rank' output)" -eq 1 ] || { echo "not one message"; exit 1; }
grep -q "^q2hpc: $expected" output || { echo "the message does not say: $expected"; exit 1; }
[ $(($(date +%s) - begin)) -le 20 ] || { echo "it took too long"; exit 1; }
