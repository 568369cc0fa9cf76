#ifndef PPLCNET_TESTS_FUZZ_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_FORMATS_HPP

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fuzz/evidence_formats.hpp"
#include "fuzz/graph_formats.hpp"
#include "fuzz/labels_format.hpp"
#include "fuzz/metadata_format.hpp"
#include "fuzz/paddle_formats.hpp"
#include "fuzz/picture_formats.hpp"
#include "fuzz/program_formats.hpp"
#include "fuzz/quantised_format.hpp"
#include "fuzz/tensor_formats.hpp"

namespace pplcnet_test {

struct NamedFormat {
  std::string_view name;
  Format (*make)();
};

/// Every format that the library reads, and texts and pictures that the program reads.
inline constexpr NamedFormat kFormats[] = {
    {"safetensors", safetensors_format},
    {"native", native_format},
    {"metadata", metadata_format},
    {"quantised", quantised_format},
    {"pdiparams", pdiparams_format},
    {"pdparams", pdparams_format},
    {"torch", torch_format},
    {"onnx", onnx_format},
    {"ncnn", ncnn_format},
    {"pir", pir_format},
    {"pdmodel", pdmodel_format},
    {"info", info_format},
    {"labels", labels_format},
    {"list", list_format},
    {"predictions", predictions_format},
    {"npy", npy_format},
    {"inference_yml", inference_yml_format},
    {"tar", tar_format},
    {"jpeg", jpeg_format},
    {"png", png_format},
    {"bmp", bmp_format},
};

/// The format of that name; where there is none, the program ends and lists them.
inline Format format_named(std::string_view name) {
  for (const NamedFormat& format : kFormats)
    if (format.name == name) return format.make();
  std::fputs("expected one of the formats\n", stderr);
  for (const NamedFormat& format : kFormats)
    std::printf("%.*s\n", static_cast<int>(format.name.size()), format.name.data());
  std::exit(2);
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_FORMATS_HPP
