# This computer with clang 16 and its own standard library, which Android, Apple and browsers have.
# Older ones have no algorithms of ranges.
# Debian: clang-16 libc++-16-dev libc++abi-16-dev
set(CMAKE_SYSTEM_NAME Linux)  # as for another platform: nothing that is built with libstdc++ is found
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER clang++-16)
set(CMAKE_CXX_FLAGS_INIT -stdlib=libc++)
