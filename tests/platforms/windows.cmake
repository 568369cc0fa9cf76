# 64-bit Windows: mingw-w64 of Debian, and wine.
# Debian: g++-mingw-w64-x86-64-posix libz-mingw-w64-dev wine wine64
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)  # no DLL of the compiler beside each program
list(APPEND CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)  # which has zlib
# wine keeps its files beside the build, takes names for UTF-8, and says nothing of its own.
set(CMAKE_CROSSCOMPILING_EMULATOR
    env LC_ALL=C.UTF-8 WINEPREFIX=${CMAKE_CURRENT_LIST_DIR}/../../build/windows/wine WINEDEBUG=-all
    WINEDLLOVERRIDES=mscoree,mshtml= wine)
