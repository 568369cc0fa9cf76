#ifndef PPLCNET_WEIGHTS_PADDLE_LOAD_HPP
#define PPLCNET_WEIGHTS_PADDLE_LOAD_HPP

// Needs nlohmann/json, protozero and exceptions; pplcnet.hpp does not include it.
#include <string_view>
#include <utility>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/paddle/info.hpp"
#include "pplcnet/weights/paddle/pdmodel.hpp"
#include "pplcnet/weights/paddle/pir.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Fills a network's weights from a `.pdiparams` file and what stands beside it, whichever it is:
/// an `inference.json` (see load_pir), a `.pdmodel` (see load_pdmodel), or a `.pdiparams.info`
/// (see load_pdiparams_info). After an error the weights are not usable.
template <class Weights>
Error load_paddle(std::string_view pdiparams_path, std::string_view beside_path, Weights& weights) {
  return with_memory_for(pdiparams_path, [&]() -> Error {
    FileBytes beside;
    if (auto error = read_file(beside_path, beside)) return error;
    const FileFormat format = detect_format(std::as_const(beside).bytes());
    if (format == FileFormat::json) return load_pir(pdiparams_path, beside_path, weights);
    if (format == FileFormat::pdiparams_info)
      return load_pdiparams_info(pdiparams_path, beside_path, weights);
    return load_pdmodel(pdiparams_path, beside_path, weights);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_LOAD_HPP
