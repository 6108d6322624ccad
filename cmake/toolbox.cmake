# The few functions that the build is made of. Sources are globbed with CONFIGURE_DEPENDS: a new file needs no edit.
# Headers and templates are most of what a file costs, so all presets but `dev` compile several files as one (a unity
# build): less than half of the time when everything is built, and the optimizer sees more. `dev` compiles one at a time.

add_library(jackdaw_options INTERFACE)
target_compile_options(jackdaw_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 wrongly reports std::optional and inlined moves as maybe uninitialized, and std::string's operator+ as
  # overlapping (its bugs 105562 and 105651).
  target_compile_options(jackdaw_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(JACKDAW_SANITIZE)
  target_compile_options(jackdaw_options INTERFACE -fsanitize=${JACKDAW_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(jackdaw_options INTERFACE -fsanitize=${JACKDAW_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's warnings that follow values through inlined code misread the code that a sanitizer adds; the release build
    # keeps them.
    target_compile_options(jackdaw_options INTERFACE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()
if(JACKDAW_FUZZ)
  # Coverage feedback in everything that a fuzz target links; the targets themselves add the driver.
  target_compile_options(jackdaw_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_program(MOLD mold)
if(MOLD)
  target_link_options(jackdaw_options INTERFACE -fuse-ld=mold)
endif()

# jackdaw_module(NAME LINKS libs... [PROTO file]): the library jackdaw_NAME from src/NAME/*.cpp, main.cpp left out.
# The word ASIO among LINKS gives the module the precompiled Asio header.
function(jackdaw_module NAME)
  jackdaw_library(${NAME} ${NAME} ${NAME} ${ARGN})
endfunction()

# jackdaw_divided_module(NAME FOLDER...): a module whose folders are libraries of their own.
function(jackdaw_divided_module NAME)
  file(GLOB_RECURSE stray CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${NAME}/*.cpp)
  add_library(jackdaw_${NAME} INTERFACE)
  foreach(folder ${ARGN})
    list(FILTER stray EXCLUDE REGEX "/src/${NAME}/${folder}/")
    target_link_libraries(jackdaw_${NAME} INTERFACE jackdaw_${NAME}_${folder})
  endforeach()
  if(stray)
    message(FATAL_ERROR "In no folder of ${NAME}: ${stray}")
  endif()
endfunction()

# jackdaw_folder(MODULE FOLDER LINKS libs... [PROTO file]): the library jackdaw_MODULE_FOLDER from src/MODULE/FOLDER.
function(jackdaw_folder MODULE FOLDER)
  jackdaw_library(${MODULE}_${FOLDER} ${MODULE}/${FOLDER} ${MODULE} ${ARGN})
endfunction()

# The library jackdaw_NAME of the sources below src/SOURCES, which find private headers from src/PRIVATE on.
function(jackdaw_library NAME SOURCES PRIVATE)
  cmake_parse_arguments(ARG "" "PROTO" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${SOURCES}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources AND NOT ARG_PROTO)
    add_library(jackdaw_${NAME} INTERFACE)
    set(kind INTERFACE)
  else()
    add_library(jackdaw_${NAME} STATIC ${sources})
    target_link_libraries(jackdaw_${NAME} PRIVATE jackdaw_options)
    set(kind PUBLIC)
  endif()
  target_include_directories(jackdaw_${NAME} ${kind} ${CMAKE_SOURCE_DIR}/include)
  if(kind STREQUAL "PUBLIC")
    target_include_directories(jackdaw_${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src/${PRIVATE})
  endif()
  list(FIND ARG_LINKS ASIO asio)
  list(REMOVE_ITEM ARG_LINKS ASIO)
  target_link_libraries(jackdaw_${NAME} ${kind} ${ARG_LINKS})
  if(asio GREATER -1 AND kind STREQUAL "PUBLIC")
    target_precompile_headers(jackdaw_${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/src/net/asio_pch.hpp)
    if(JACKDAW_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # The sanitizer doesn't see Asio's fences, and GCC says so. Nothing leans on them: threads meet at locks and atomics.
      target_compile_options(jackdaw_${NAME} PRIVATE -Wno-tsan)
    endif()
  endif()
  if(ARG_PROTO)
    # Protobuf headers stay at the module's edge: only its own sources see them, as "raft.pb.h".
    set(out ${CMAKE_BINARY_DIR}/generated/${NAME})
    file(MAKE_DIRECTORY ${out})
    get_filename_component(stem ${ARG_PROTO} NAME_WE)
    get_filename_component(proto_dir ${CMAKE_SOURCE_DIR}/src/${SOURCES}/${ARG_PROTO} DIRECTORY)
    add_custom_command(OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND protobuf::protoc --cpp_out=${out} -I${proto_dir} ${CMAKE_SOURCE_DIR}/src/${SOURCES}/${ARG_PROTO}
      DEPENDS ${CMAKE_SOURCE_DIR}/src/${SOURCES}/${ARG_PROTO})
    target_sources(jackdaw_${NAME} PRIVATE ${out}/${stem}.pb.cc)
    set_source_files_properties(${out}/${stem}.pb.cc PROPERTIES COMPILE_OPTIONS "-w")
    target_include_directories(jackdaw_${NAME} PRIVATE ${out})
  endif()
endfunction()

# The generated half of the protocol module: descriptions in, structs and codecs out, in the build directory.
function(jackdaw_protocol_messages)
  set(out ${CMAKE_BINARY_DIR}/generated/protocol)
  set(dir ${CMAKE_SOURCE_DIR}/src/protocol)
  file(GLOB descriptions CONFIGURE_DEPENDS ${dir}/messages/*.msg)
  file(GLOB generator CONFIGURE_DEPENDS ${dir}/generator/*.py)
  set(sources ${out}/apis.cpp ${out}/error_codes.cpp)
  list(TRANSFORM sources REPLACE "([^/]+)\\.cpp$" "jackdaw/protocol/\\1.hpp" OUTPUT_VARIABLE headers)
  list(APPEND headers ${out}/jackdaw/protocol/all_messages.hpp ${out}/jackdaw/protocol/all_arrays.hpp)
  foreach(description ${descriptions})
    get_filename_component(stem ${description} NAME_WE)
    list(APPEND sources ${out}/${stem}.cpp)
    list(APPEND headers ${out}/jackdaw/protocol/messages/${stem}.hpp)
  endforeach()
  add_custom_command(OUTPUT ${out}/generated.stamp
    BYPRODUCTS ${sources} ${headers}  # named, so that what includes a changed header is built in the same run
    COMMAND ${Python3_EXECUTABLE} ${dir}/generate.py ${out} ${dir}/errors.txt ${descriptions}
    COMMAND ${CMAKE_COMMAND} -E touch ${out}/generated.stamp
    DEPENDS ${dir}/generate.py ${generator} ${dir}/errors.txt ${descriptions})
  add_custom_target(jackdaw_generate DEPENDS ${out}/generated.stamp)
  set_source_files_properties(${sources} PROPERTIES GENERATED ON)
  add_library(jackdaw_messages OBJECT ${sources})
  set_target_properties(jackdaw_messages PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  target_link_libraries(jackdaw_messages PRIVATE jackdaw_options Boost::headers)
  target_include_directories(jackdaw_messages PRIVATE ${CMAKE_SOURCE_DIR}/include ${out} ${dir})
  add_dependencies(jackdaw_messages jackdaw_generate)
  target_sources(jackdaw_protocol PRIVATE $<TARGET_OBJECTS:jackdaw_messages>)
  target_include_directories(jackdaw_protocol PUBLIC ${out})
  add_dependencies(jackdaw_protocol jackdaw_generate)
endfunction()

# jackdaw_program(NAME MODULE): bin/NAME from src/MODULE/main.cpp.
function(jackdaw_program NAME MODULE)
  add_executable(${NAME} ${CMAKE_SOURCE_DIR}/src/${MODULE}/main.cpp)
  target_link_libraries(${NAME} PRIVATE jackdaw_${MODULE} jackdaw_options)
  target_compile_definitions(${NAME} PRIVATE JACKDAW_VERSION="${PROJECT_VERSION}")
endfunction()

# jackdaw_test(NAME SOURCES files... LINKS libs...): a GoogleTest program that ctest runs whole.
function(jackdaw_test NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  if(NOT ARG_SOURCES)
    return()
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_include_directories(${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${NAME} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gtest_main GTest::gmock jackdaw_options)
  # What is tested keeps its optimization; tests themselves had better compile fast, above all under a sanitizer. Only
  # those of random sequences run longer than they compile.
  if(NAME MATCHES "^property_")
    set_target_properties(${NAME} PROPERTIES UNITY_BUILD OFF)  # models of their own, with names that each model uses
    target_compile_options(${NAME} PRIVATE $<$<CONFIG:Release>:-O1>
      $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>)  # GCC misreads strings there
  else()
    target_compile_options(${NAME} PRIVATE -O0)
  endif()
  list(LENGTH ARG_SOURCES count)
  if(count GREATER 16 OR NOT CMAKE_UNITY_BUILD)  # of two or three files that are compiled, it would be another one
    target_precompile_headers(${NAME} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <boost/system/result.hpp> <map> <memory>
      <optional> <string> <unordered_map> <vector>)
  endif()
  add_test(NAME ${NAME} COMMAND ${NAME})
  set_tests_properties(${NAME} PROPERTIES TIMEOUT 300)
endfunction()
