# bxl_module(NAME [DEPS module…] [LIBS third-party…] [SCHEMAS x.capnp…]): the only way to add a library under lib/.
# Every *.cc below lib/NAME belongs to it. DEPS may name only modules further down; CMake refuses cycles.
# LIBS are linked privately: a third-party library is included by exactly one module.
# bxl_tool(NAME DEPS module…): tools/NAME/*.cc becomes build/bin/NAME, linked statically with our
# libraries and with the third-party archives, so that an exec costs half a millisecond instead of two.
# bxl_test(NAME DEPS module…): every tests/NAME/*_test.cc becomes one GoogleTest program. Not optimised: GoogleTest's
# macros take twice as long to compile with -O2, and the time of a test is spent in the modules.

add_library(bxl_options INTERFACE)
target_include_directories(bxl_options INTERFACE ${CMAKE_SOURCE_DIR}/lib)
target_compile_options(bxl_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Wno-missing-field-initializers
  $<$<BOOL:${BXL_WERROR}>:-Werror>)
target_compile_definitions(bxl_options INTERFACE _GNU_SOURCE BXL_VERSION="${PROJECT_VERSION}")
if(BXL_SANITIZE)
  target_compile_options(bxl_options INTERFACE -fsanitize=${BXL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(bxl_options INTERFACE -fsanitize=${BXL_SANITIZE})
endif()

# Generated code lives in the build directory, is included as "MODULE/x.capnp.h" and is not ours to warn about.
function(bxl_schemas target module)
  set(CAPNPC_OUTPUT_DIR ${CMAKE_BINARY_DIR}/gen)
  set(CAPNPC_SRC_PREFIX ${CMAKE_SOURCE_DIR}/lib)
  file(MAKE_DIRECTORY ${CAPNPC_OUTPUT_DIR})
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/lib/${module}/)
  capnp_generate_cpp(generated_sources generated_headers ${ARGN})
  set_source_files_properties(${generated_sources} PROPERTIES COMPILE_OPTIONS -w)
  target_sources(${target} PRIVATE ${generated_sources} ${generated_headers})
  target_include_directories(${target} SYSTEM PRIVATE ${CAPNPC_OUTPUT_DIR})
endfunction()

function(bxl_module name)
  cmake_parse_arguments(M "" "" "DEPS;LIBS;SCHEMAS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_library(bxl_${name} STATIC ${sources})
  target_link_libraries(bxl_${name} PUBLIC bxl_options PRIVATE ${M_LIBS})
  if(M_SCHEMAS)
    bxl_schemas(bxl_${name} ${name} ${M_SCHEMAS})
  endif()
  foreach(dep ${M_DEPS})
    target_link_libraries(bxl_${name} PUBLIC bxl_${dep})
  endforeach()
endfunction()

function(bxl_tool name)
  cmake_parse_arguments(T "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  add_dependencies(tools ${name})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tools)
  foreach(dep ${T_DEPS})
    target_link_libraries(${name} PRIVATE bxl_${dep})
  endforeach()
  if(NOT BXL_SANITIZE)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

function(bxl_test name)
  cmake_parse_arguments(T "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_options(${name}_test PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  target_compile_definitions(${name}_test PRIVATE
    BXL_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/${name}/data" BXL_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  target_link_libraries(${name}_test PRIVATE GTest::gtest GTest::gmock GTest::gtest_main)
  foreach(dep ${T_DEPS})
    target_link_libraries(${name}_test PRIVATE bxl_${dep})
  endforeach()
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60)
endfunction()

# lib/shim/*.cc becomes build/bin/libbxlshim.so, preloaded into every observed program. Each option saves part of the
# 30 us that an execution pays for it: no libraries of its own, two segments, names bound when they are first called.
# Never sanitized: it lives in programs that are not.
function(bxl_shim)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/shim/*.cc)
  add_library(bxlshim SHARED ${sources})
  target_include_directories(bxlshim PRIVATE ${CMAKE_SOURCE_DIR}/lib)
  target_compile_definitions(bxlshim PRIVATE _GNU_SOURCE)
  target_compile_options(bxlshim PRIVATE -Wall -Wextra -U_FORTIFY_SOURCE -ffreestanding -fno-exceptions -fno-rtti
    -fno-threadsafe-statics -fno-stack-protector -fno-asynchronous-unwind-tables -fvisibility=hidden
    $<$<BOOL:${BXL_WERROR}>:-Werror>)
  target_link_options(bxlshim PRIVATE -nostdlib -s
    LINKER:-z,norelro,-z,noseparate-code,-z,lazy,-Bsymbolic,--hash-style=gnu,--build-id=none)
  set_target_properties(bxlshim PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()
