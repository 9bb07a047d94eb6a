# The product's own tests on the simulated device: the very programs, with -backend auto finding a device for every rank. Included
# when all programs are known. Label: simulated.
set(folder ${CMAKE_CURRENT_BINARY_DIR}/simulated)
set(here ${CMAKE_CURRENT_SOURCE_DIR}/simulated)
set(on_device sh ${here}/run.sh)
set(module $<TARGET_FILE:q2hpc_cuda>)
set(simulated_program ${folder}/q2hpc)
file(GENERATE OUTPUT ${simulated_program} CONTENT
  "#!/bin/sh\nexec env Q2SIM_BUILD='${folder}' sh '${here}/run.sh' \${Q2SIM_FLAGS:-} '$<TARGET_FILE:q2hpc>' \"$@\"\n"
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# The simulated device computes what the CPU would, but its bookkeeping makes small problems slow; leaks fail.
set(common ${environment} Q2HPC_CUDA_MODULE=${module} Q2SIM_BUILD=${folder} Q2SIM_LEAKS=fail OMPI_MCA_btl_vader_single_copy_mechanism=none)

# simulated_product_test(NAME RANKS DEVICES SECONDS ENVIRONMENT COMMAND...)
function(simulated_product_test name ranks devices seconds environment)
  q2hpc_add_test(on_device.${name} ${ranks} ${seconds} simulated ${ARGN})
  set_tests_properties(on_device.${name} PROPERTIES ENVIRONMENT "${common};Q2HPC_TEST_BACKEND=cuda;Q2SIM_DEVICES=${devices};${environment}")
endfunction()

# A program of tests/ on `ranks` ranks, as many devices, each rank with a device of its own.
function(simulated_unit program seconds)
  foreach(ranks ${ARGN})
    simulated_product_test(${program}.${ranks} ${ranks} ${ranks} ${seconds} "" ${mpirun} ${ranks} ${on_device} $<TARGET_FILE:${program}>)
  endforeach()
endfunction()

add_executable(test_backend simulated/test_backend.c observed.c problem.c synthetic.c)
target_link_libraries(test_backend PRIVATE q2hpc_flags q2hpc_src)
simulated_product_test(backend 1 1 300 "" ${on_device} $<TARGET_FILE:test_backend>)
simulated_product_test(backend.other_eigenbasis 1 1 300 "Q2SIM_EIGENBASIS=other" ${on_device} $<TARGET_FILE:test_backend> other)
simulated_product_test(backend.solver_not_captured 1 1 300 "Q2SIM_SOLVER_CAPTURE=refused" ${on_device} $<TARGET_FILE:test_backend>)
simulated_product_test(backend.instrumented 1 1 900 "" ${on_device} -i $<TARGET_FILE:test_backend>)

add_executable(test_modes simulated/test_modes.c observed.c problem.c synthetic.c)
target_link_libraries(test_modes PRIVATE q2hpc_flags q2hpc_src)
simulated_product_test(modes 1 1 600 "" ${on_device} $<TARGET_FILE:test_modes>)
simulated_product_test(modes.instrumented 1 1 900 "" ${on_device} -i $<TARGET_FILE:test_modes> few)

simulated_unit(test_precision 300 1 2)
simulated_unit(test_normal 300 1 2 4)
simulated_unit(test_properties 300 1 2)
simulated_unit(test_objective 600 1 2 4)
simulated_unit(test_observables 3600 1 2 4)
simulated_product_test(test_normal.shared 2 1 300 "" ${mpirun} 2 ${on_device} $<TARGET_FILE:test_normal>)

# Scripts of tests/e2e: the program itself.
function(simulated_e2e name ranks devices seconds script)
  simulated_product_test(${name} ${ranks} ${devices} ${seconds} "Q2HPC=${simulated_program}" sh ${CMAKE_CURRENT_SOURCE_DIR}/e2e/${script} ${ARGN})
endfunction()
simulated_e2e(same_fit.made 4 4 600 same_fit.sh made "1 2 4")
simulated_e2e(same_fit.organic 2 2 900 same_fit.sh ${organic} "2" -tao_max_it 10)
simulated_e2e(few_molecules 4 4 300 few_molecules.sh)
simulated_e2e(guided_fit 2 2 900 guided_fit.sh)
simulated_e2e(all_kinds 2 2 900 all_kinds.sh)

# Faults on demand.
simulated_product_test(faults 2 2 600 "Q2HPC=${simulated_program}" sh ${here}/faults.sh)

simulated_product_test(as_the_cpu.organic 2 2 300 "Q2HPC=${simulated_program}" sh ${here}/as_the_cpu.sh ${organic} -tao_max_it 15)
simulated_product_test(as_the_cpu.mixed 2 2 900 "Q2HPC=${simulated_program}" sh ${here}/as_the_cpu.sh ${mixed} -tao_max_it 5)
simulated_product_test(as_the_cpu.ts_method 2 2 900 "Q2HPC=${simulated_program}" sh ${here}/as_the_cpu.sh ${organic} -ts_method E2 -tao_max_it 10)
simulated_product_test(precision 2 2 900 "Q2HPC=${simulated_program}" sh ${here}/precision.sh ${organic})

# What takes long is for jobs/campaign.sh.
simulated_e2e(same_fit.mixed 4 4 1800 same_fit.sh ${mixed} "2 4" -tao_max_it 10)
simulated_e2e(ts_method 2 2 900 ts_method.sh ${organic})
foreach(name test_observables.1 test_observables.2 test_observables.4 test_objective.4 same_fit.mixed ts_method)
  set_tests_properties(on_device.${name} PROPERTIES LABELS "simulated;long")
endforeach()
