# This computer with an emulated CPU that has AVX-512 with VNNI, which finds no files.
# Debian: bochs bochs-term bochsbios vgabios isolinux syslinux-common xorriso cpio
# Tests: kernels bits/byte_same_bits bits/same_bits
set(CMAKE_SYSTEM_NAME Linux)  # as for another platform: its programs are run by the emulator
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,--no-warnings")  # of GoogleTest's getaddrinfo
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/bochs)
# Which of the kernels' tests are run: all but those of the instruction sets that are here.
set(PPLCNET_KERNEL_CASES -*/SSE2:*/AVX2:*/baseline:*/avx2)
