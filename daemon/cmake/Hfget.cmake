# The rules that every target of hfget follows. One library a folder: it links only what its layer may include, so that a
# wrong include does not compile where the header comes with a target, and is caught by tests/layers_test where it does not.
add_library(hfget_flags INTERFACE)
target_include_directories(hfget_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(hfget_flags INTERFACE -Wall -Wextra -Werror -Wno-unused-parameter
  # gcc 12 sees overlapping copies in std::string that are not there (PR 105651).
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wthread-safety -Werror=thread-safety>)
target_compile_definitions(hfget_flags INTERFACE HFGET_VERSION="${PROJECT_VERSION}" SPDLOG_FMT_EXTERNAL)
if(HFGET_SANITIZE)
  add_compile_options(-fsanitize=${HFGET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HFGET_SANITIZE})
  # gcc 12 sees uninitialised members of <regex> and std::function in instrumented code that are not there (PR 105562).
  target_compile_options(hfget_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
endif()

# hfget_library(NAME [APART] [DEPS target…]): all *.cc of the current folder, as library hfget_NAME. APART: its files have equal
# names for things of their own, and are compiled one by one even where CMAKE_UNITY_BUILD is on.
function(hfget_library name)
  cmake_parse_arguments(ARG "APART" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(sources)
    add_library(hfget_${name} STATIC ${sources})
    target_link_libraries(hfget_${name} PUBLIC hfget_flags ${ARG_DEPS})
    if(ARG_APART)
      set_target_properties(hfget_${name} PROPERTIES UNITY_BUILD OFF)
    endif()
  else()
    add_library(hfget_${name} INTERFACE)
    target_link_libraries(hfget_${name} INTERFACE hfget_flags ${ARG_DEPS})
  endif()
endfunction()

# hfget_test(FOLDER LABEL [APART] [DEPS target…]): all tests/FOLDER/*.cc as one binary FOLDER_test, its cases found by ctest.
function(hfget_test folder label)
  cmake_parse_arguments(ARG "APART" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${folder}_test ${sources})
  set_target_properties(${folder}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${folder}_test PRIVATE hfget_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  # What is tested is optimised as it is shipped; the tests themselves would spend half of the build's time on it.
  target_compile_options(${folder}_test PRIVATE $<$<CONFIG:Release>:-O1>)
  if(TARGET hfget_abseil_sync)
    target_link_libraries(${folder}_test PRIVATE hfget_abseil_sync)
  endif()
  if(ARG_APART)
    set_target_properties(${folder}_test PROPERTIES UNITY_BUILD OFF)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${folder}_test TEST_PREFIX ${folder}. PROPERTIES LABELS ${label} TIMEOUT 300
    DISCOVERY_MODE PRE_TEST)
endfunction()
