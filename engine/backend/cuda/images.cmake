# The kernels as fat binaries inside the program, compiled by the CUDA Toolkit's nvcc where there is
# one. Without it the program is the same but for them.
#
# GRADWRIGHT_CUDA: AUTO takes an nvcc that works, ON demands one, OFF looks for none.
# GRADWRIGHT_NVCC: the compiler, where it is neither in the PATH nor in CUDA's usual folder.

set(gradwright_cuda_wanted 75 80 86 89 90 100 120)

# Sets gradwright_nvcc to a compiler that compiles for a GPU with this host's compiler, or to "", with
# the reason in gradwright_nvcc_why.
function(gradwright_find_nvcc)
  find_program(GRADWRIGHT_NVCC nvcc HINTS $ENV{CUDA_PATH}/bin /usr/local/cuda/bin
    DOC "The CUDA Toolkit's compiler")
  set(gradwright_nvcc "" PARENT_SCOPE)
  if(NOT GRADWRIGHT_NVCC)
    set(gradwright_nvcc_why "there is no nvcc" PARENT_SCOPE)
    return()
  endif()
  set(trial ${CMAKE_CURRENT_BINARY_DIR}/nvcc_trial)
  file(WRITE ${trial}.cu "#include <type_traits>\n#include <cstdint>\n"
    "extern \"C\" __global__ void trial(std::type_identity_t<float>* x) { *x = 1; }\n")
  execute_process(COMMAND ${GRADWRIGHT_NVCC} -std=c++20 -fatbin -o ${trial}.fatbin ${trial}.cu
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE message)
  if(failed)
    string(REGEX REPLACE "\n.*" "" message "${message}")
    set(gradwright_nvcc_why "${GRADWRIGHT_NVCC} does not compile here: ${message}" PARENT_SCOPE)
    return()
  endif()
  set(gradwright_nvcc ${GRADWRIGHT_NVCC} PARENT_SCOPE)
endfunction()

# Machine code for the wanted architectures that the compiler knows, and PTX of the newest of them,
# from which drivers make code for GPUs that come later.
function(gradwright_cuda_architectures flags names)
  execute_process(COMMAND ${gradwright_nvcc} --list-gpu-code OUTPUT_VARIABLE known)
  set(result "")
  set(list "")
  foreach(architecture ${gradwright_cuda_wanted})
    if(known MATCHES "sm_${architecture}\n")
      list(APPEND result -gencode arch=compute_${architecture},code=sm_${architecture})
      list(APPEND list sm_${architecture})
      set(newest ${architecture})
    else()
      message(STATUS "CUDA: ${gradwright_nvcc} does not know sm_${architecture}; it is left out")
    endif()
  endforeach()
  if(NOT list)
    message(FATAL_ERROR "${gradwright_nvcc} knows none of sm_${gradwright_cuda_wanted}")
  endif()
  list(APPEND result -gencode arch=compute_${newest},code=compute_${newest})
  list(JOIN list ", " list)
  set(${flags} "${result}" PARENT_SCOPE)
  set(${names} "${list} and PTX of compute_${newest}" PARENT_SCOPE)
endfunction()

# Writes the source that holds the families' fat binaries, and the rules that compile them. Sets
# `maker` to what compiles them, e.g. "nvcc 13.0 for sm_75, sm_80 and PTX of compute_80".
function(gradwright_cuda_images source maker)
  gradwright_cuda_architectures(architectures names)
  execute_process(COMMAND ${gradwright_nvcc} --version OUTPUT_VARIABLE version)
  string(REGEX MATCH "release ([0-9.]+)" version "${version}")
  set(image_maker "nvcc ${CMAKE_MATCH_1} for ${names}")
  set(${maker} "${image_maker}" PARENT_SCOPE)
  set(image_assembly "")
  set(image_declarations "")
  set(image_entries "")
  set(binaries "")
  foreach(family ${gradwright_cuda_families})
    set(kernels ${CMAKE_CURRENT_SOURCE_DIR}/kernels/${family}.cu)
    set(binary ${CMAKE_CURRENT_BINARY_DIR}/${family}.fatbin)
    add_custom_command(OUTPUT ${binary}
      COMMAND ${gradwright_nvcc} -std=c++20 -O3 -fatbin ${architectures} -Werror all-warnings
              -I ${PROJECT_SOURCE_DIR} -Xptxas -warn-spills -MD -MF ${binary}.d -o ${binary} ${kernels}
      DEPENDS ${kernels} DEPFILE ${binary}.d
      COMMENT "Compiling the ${family} kernels for NVIDIA GPUs" VERBATIM)
    list(APPEND binaries ${binary})
    string(APPEND image_assembly "asm(\".section .rodata\\n.balign 64\\ngradwright_image_${family}:\\n"
      ".incbin \\\"${binary}\\\"\\n.previous\\n\");\n")
    string(APPEND image_declarations "extern const unsigned char gradwright_image_${family}[];\n")
    string(APPEND image_entries "        Image{\"${family}\", gradwright_image_${family}},\n")
  endforeach()
  configure_file(images.cpp.in ${source} @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${binaries}"
    SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  message(STATUS "CUDA: ${image_maker}")
endfunction()

set(gradwright_cuda_image_source no_images.cpp)
set(gradwright_cuda_maker "")
if(NOT GRADWRIGHT_CUDA STREQUAL "OFF")
  gradwright_find_nvcc()
  if(gradwright_nvcc)
    set(gradwright_cuda_image_source ${CMAKE_CURRENT_BINARY_DIR}/images.cpp)
    gradwright_cuda_images(${gradwright_cuda_image_source} gradwright_cuda_maker)
  elseif(GRADWRIGHT_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA: built without code for GPUs, since ${gradwright_nvcc_why}")
  else()
    message(FATAL_ERROR "GRADWRIGHT_CUDA is ON, but ${gradwright_nvcc_why}")
  endif()
endif()
