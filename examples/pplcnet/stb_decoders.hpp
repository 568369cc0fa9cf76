#ifndef PPLCNET_EXAMPLES_STB_DECODERS_HPP
#define PPLCNET_EXAMPLES_STB_DECODERS_HPP

// stb_image's decoder of JPEG, and of deflated data, in memory that begins as zeros: what a damaged
// file leaves out is never what the memory held before.

#include <cstdlib>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
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
#include <stb/stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif  // PPLCNET_EXAMPLES_STB_DECODERS_HPP
