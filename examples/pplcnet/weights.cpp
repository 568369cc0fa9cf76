#include "weights.hpp"

#include <filesystem>
#include <system_error>

#include "output_file.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/path.hpp"

using pplcnet::Error;

Error open_weights(const std::string& path, const std::string& companion, pplcnet::WeightFile& file,
                   const std::string& part) {
  Error error = pplcnet::WeightFile::open(path, companion, file, part);
  for (const std::string& read : file.paths()) add_input(read);
  return error;
}

Error no_native_name(const std::string& path) {
  return Error::of(path,
                   ": expected a name that ends in .safetensors; `pplcnet convert` makes ONNX and "
                   "other frameworks' weights of such a file");
}

Error check_native_name(const std::string& path) {
  const auto ending = pplcnet::path_of(path).extension();
  return ending.empty() || ending == ".safetensors" ? Error() : no_native_name(path);
}

std::string check_model(const std::string& name) {
  if (pplcnet::find_model(name) != nullptr) return "";
  std::error_code ignored;
  if (std::filesystem::exists(pplcnet::path_of(name), ignored))
    return pplcnet::join({"expected a model's name, found a file: `pplcnet convert --list ", name,
                          "` says what it holds"});
  return pplcnet::join(
      {"no model is called ", pplcnet::quote(name), "; there are ", pplcnet::model_names(false)});
}
