# Stand-ins for cuBLAS, cuSOLVER and NCCL, with the names and symbol versions of the real ones, and their tests. Included by CMakeLists.txt, after the stand-in for
# the runtime (simulated_cudart) and the way to run something on them (on_device).
if(NOT Q2HPC_HAS_CUDA)
  return()
endif()

get_target_property(simulated_options q2hpc_flags INTERFACE_COMPILE_OPTIONS)
get_target_property(simulated_definitions q2hpc_flags INTERFACE_COMPILE_DEFINITIONS)
if(Q2HPC_SANITIZE)
  list(REMOVE_ITEM simulated_options ${sanitizers})
endif()

# simulated_library(NAME LIBRARY VERSION SOURCES...): the target simulated_NAME, the file lib/libLIBRARY.so.VERSION. What the runtime offers (cuda*, q2sim_*) is
# left open: the loader finds it in the runtime that is preloaded, too. Without sanitizers, since whatever the program starts gets them preloaded, too.
function(simulated_library name library version)
  add_library(simulated_${name} SHARED ${ARGN})
  target_compile_options(simulated_${name} PRIVATE ${simulated_options})
  target_compile_definitions(simulated_${name} PRIVATE ${simulated_definitions})
  target_include_directories(simulated_${name} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  target_link_options(simulated_${name} PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/${name}.map)
  set_target_properties(simulated_${name} PROPERTIES OUTPUT_NAME ${library} SOVERSION ${version} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lib
                                                     LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.map)
endfunction()

simulated_library(cublas cublas 13 cublas.c)
simulated_library(cusolver cusolver 12 cusolver.c eigen.c)
simulated_library(nccl nccl 2 nccl.c nccl_segment.c nccl_reduce.c)
target_link_libraries(simulated_cublas PRIVATE q2hpc_lapack)
target_link_libraries(simulated_cusolver PRIVATE q2hpc_lapack m)
target_link_libraries(simulated_nccl PRIVATE rt)

# simulated_test(NAME LIBRARY SECONDS): NAME.c, linked to the real runtime and the real LIBRARY like the program, run on the stand-ins.
find_library(Q2HPC_NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR})
function(simulated_test name library seconds)
  add_executable(${name} ${name}.c)
  target_include_directories(${name} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  # the real libraries' own dependencies are neither linked nor loaded
  target_link_options(${name} PRIVATE -Wl,--allow-shlib-undefined -Wl,--as-needed -Wl,-rpath-link,${CUDAToolkit_LIBRARY_DIR})
  target_link_libraries(${name} PRIVATE q2hpc_flags ${library} CUDA::cudart m ${CMAKE_DL_LIBS})
  add_dependencies(${name} simulated_cudart simulated_cublas simulated_cusolver simulated_nccl)
  q2hpc_add_test(${name} 2 ${seconds} cuda env Q2SIM_LEAKS=fail ${on_device} $<TARGET_FILE:${name}>)
endfunction()

simulated_test(test_simulated_cublas CUDA::cublas 120)
simulated_test(test_simulated_cusolver CUDA::cusolver 120)
simulated_test(test_simulated_nccl ${Q2HPC_NCCL_LIBRARY} 240)
