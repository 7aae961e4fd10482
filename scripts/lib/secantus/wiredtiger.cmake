# How scripts/deps has the MongoDB-compatible server's WiredTiger compiled: 25 sources at a time, since most of a
# compilation is its headers, and without warnings. Two sources have static names of others.
set(ENABLE_STRICT OFF CACHE BOOL "")
set(CMAKE_UNITY_BUILD ON CACHE BOOL "")
set(CMAKE_UNITY_BUILD_BATCH_SIZE 25 CACHE STRING "")
set_source_files_properties("${CMAKE_SOURCE_DIR}/src/config/test_config.c" "${CMAKE_SOURCE_DIR}/src/btree/row_srch.c"
    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
