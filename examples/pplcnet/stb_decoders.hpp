#ifndef PPLCNET_EXAMPLES_STB_DECODERS_HPP
#define PPLCNET_EXAMPLES_STB_DECODERS_HPP

// stb_image's decoder of a JPEG's coefficients, and of deflated data, in memory that begins as
// zeros: what a damaged file leaves out is never what the memory held before. Sums of what such a
// file says may wrap, and zeros may be shifted by 32; results are some number, and sanitizers
// ignore it.

#include <cstdlib>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_SIMD
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_MALLOC(size) std::calloc(1, size)
#define STBI_REALLOC(memory, size) std::realloc(memory, size)
#define STBI_FREE(memory) std::free(memory)
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("signed-integer-overflow", "shift"))), \
                             apply_to = function)
#endif
#include <stb/stb_image.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif  // PPLCNET_EXAMPLES_STB_DECODERS_HPP
