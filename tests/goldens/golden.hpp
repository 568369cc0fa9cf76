#ifndef PPLCNET_TESTS_GOLDENS_GOLDEN_HPP
#define PPLCNET_TESTS_GOLDENS_GOLDEN_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/pplcnet.hpp"
#include "synthetic.hpp"

namespace pplcnet_test {

/// What the code that a network comes from computes for synthetic weights and pictures, in double
/// precision: statistics and samples of its stages, and its output. One JSON file for each; see
/// compact.py.
struct Golden {
  std::string path;
  nlohmann::json numbers;

  static Golden read(const std::filesystem::path& path) {
    std::ifstream text(path);
    return {path.string(), nlohmann::json::parse(text)};
  }

  std::uint64_t seed() const { return numbers.at("seed"); }
  /// [images][3][height][width]
  std::vector<std::size_t> input_shape() const { return numbers.at("input").at("shape"); }
  /// Of all images; empty if it does not begin as the golden says.
  std::vector<float> input() const {
    const std::vector<std::size_t> shape = input_shape();
    std::vector<float> values = synthetic_input(seed(), shape[0], shape[1], shape[2], shape[3]);
    const std::vector<double> first = numbers.at("input").at("first8");
    for (std::size_t i = 0; i < first.size() && i < values.size(); ++i)
      if (std::abs(values[i] - first[i]) > 1e-8) return {};
    return values;
  }
  /// The checkpoint's form: the goldens say "training (branches)", or how it was deployed.
  Form form() const {
    const std::string text = numbers.at("form");
    return text == "plain" || text.starts_with("training") ? Form::training : Form::deployed;
  }
};

/// Those that come with the tests.
inline std::filesystem::path own_goldens() {
  return std::filesystem::path(PPLCNET_TESTS) / "goldens" / "networks";
}

/// Where the tests of networks find theirs: $PPLCNET_GOLDENS, if it is set.
inline std::filesystem::path goldens_folder() {
  const char* folder = std::getenv("PPLCNET_GOLDENS");
  return folder != nullptr ? std::filesystem::path(folder) : own_goldens();
}

/// All of a folder, by name.
inline std::vector<Golden> goldens_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Golden> goldens;
  for (const auto& path : paths) goldens.push_back(Golden::read(path));
  return goldens;
}

/// Those among which a network's is looked for: of ours the one of its name, of another folder all.
inline std::vector<Golden> goldens_for(const std::string& name) {
  if (goldens_folder() != own_goldens()) return goldens_of(goldens_folder());
  return {Golden::read(own_goldens() / (name + ".json"))};
}

/// Which network a golden is of, from the arguments that its own code was called with.
class GoldenNetwork {
 public:
  explicit GoldenNetwork(const Golden& golden)
      : name_(golden.numbers.at("arch")), arguments_(golden.numbers.value("kwargs", Json({}))) {
    const std::vector<int> hw = golden.numbers.at("hw");
    input_ = {hw.at(0), hw.at(1)};
    const std::string source = golden.numbers.at("source");
    if (source.ends_with("pp_lcnet.py"))
      v1(pplcnet::Dialect::paddle);
    else if (source.starts_with("timm"))
      v1(pplcnet::Dialect::timm);
    else if (source.starts_with("ngnquan"))
      v1(pplcnet::Dialect::pytorch);
    else if (source.ends_with("light_cnns/mobile_real_time_network/lcnet.py"))
      light_cnns(golden.numbers);
    else if (source.ends_with("pp_lcnet_v2.py"))
      v2();
    else if (source.ends_with("rec_lcnetv3.py"))
      v3();
    else
      unknown_ = "source '" + source + "'";
    for (const auto& [argument, value] : arguments_.items())
      if (unknown_.empty()) unknown_ = "argument '" + argument + "': " + value.dump();
  }

  /// What of the golden is not known here, so that there is no network for it; empty: nothing.
  const std::string& unknown() const { return unknown_; }
  const pplcnet::Graph& graph() const { return *graph_; }

 private:
  using Json = nlohmann::json;

  /// An argument, which is then no unknown one; without it the default.
  template <typename Value>
  Value take(const char* argument, Value otherwise) {
    const auto found = arguments_.find(argument);
    if (found == arguments_.end()) return otherwise;
    Value value = found->get<Value>();
    arguments_.erase(found);
    return value;
  }

  void set(const pplcnet::Graph& graph) { graph_ = std::make_shared<const pplcnet::Graph>(graph); }

  static int percent(double fraction) { return static_cast<int>(std::lround(100 * fraction)); }

  /// A stride as Paddle's `stride_list` has it: a number, or height and width.
  static pplcnet::Stride stride(const Json& value) {
    return value.is_array() ? pplcnet::Stride(value.at(0), value.at(1))
                            : pplcnet::Stride(value.get<int>());
  }

  /// The scale after a prefix of the name: 0_25, or timm's 025.
  std::optional<pplcnet::Scale> scale(std::string_view prefix, double unit) {
    if (name_ == "PPLCNet") return static_cast<pplcnet::Scale>(percent(take("scale", 1.0)));
    if (!name_.starts_with(prefix)) return std::nullopt;
    std::string number = name_.substr(prefix.size());
    std::replace(number.begin(), number.end(), '_', '.');
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') return std::nullopt;
    return static_cast<pplcnet::Scale>(percent(unit * value));
  }

  void v1(pplcnet::Dialect dialect) {
    const bool paddle = dialect == pplcnet::Dialect::paddle;
    const bool timm = dialect == pplcnet::Dialect::timm;
    const auto width = timm ? scale("lcnet_", 0.01) : scale("PPLCNet_x", 1);
    if (!width) {
      unknown_ = "network '" + name_ + "'";
      return;
    }
    pplcnet::Options options = {.input = input_, .dialect = dialect};
    options.classes = take(paddle ? "class_num" : "num_classes", options.classes);
    if (paddle) {
      options.head = take("class_expand", options.head);
      if (!take("use_last_conv", true)) options.head = 0;
      options.dropout_percent = percent(take("dropout_prob", 0.2));
      const Json strides = take("stride_list", Json::array({2, 2, 2, 2, 2}));
      for (std::size_t i = 0; i < options.strides.size(); ++i)
        options.strides[i] = stride(strides.at(i));
      activation(options);
    }
    set(pplcnet::pplcnet_v1(*width, options));
  }

  /// One network, whose classes only its tensors tell.
  void light_cnns(const Json& numbers) {
    if (!name_.starts_with("lcnet_baseline")) unknown_ = "network '" + name_ + "'";
    const std::vector<int> bias = numbers.at("tensors").back().at(1);
    set(pplcnet::pplcnet_v1(
        pplcnet::Scale::x1_0,
        {.classes = bias.at(0), .input = input_, .dialect = pplcnet::Dialect::light_cnns}));
  }

  void activation(pplcnet::Options& options) {
    const std::string name = take<std::string>("act", "hardswish");
    for (const auto known :
         {pplcnet::Activation::hardswish, pplcnet::Activation::relu, pplcnet::Activation::relu6}) {
      if (name != pplcnet::activation_name(known)) continue;
      options.activation = known;
      return;
    }
    unknown_ = "activation '" + name + "'";
  }

  void v2() {
    constexpr std::string_view kNames[] = {"PPLCNetV2_small", "PPLCNetV2_base", "PPLCNetV2_large"};
    const auto size = std::find(std::begin(kNames), std::end(kNames), name_);
    if (size == std::end(kNames)) {
      unknown_ = "network '" + name_ + "'";
      return;
    }
    pplcnet::V2Options options = {.input = input_};
    options.classes = take("class_num", options.classes);
    options.head = take("class_expand", options.head);
    options.dropout_percent = percent(take("dropout_prob", 0.2));
    if (!take("use_last_conv", true)) unknown_ = "a PP-LCNet V2 without last_conv";
    set(pplcnet::pplcnet_v2(static_cast<pplcnet::V2>(size - std::begin(kNames)), options));
  }

  void v3() {
    if (name_ != "PPLCNetV3") unknown_ = "network '" + name_ + "'";
    const auto width = static_cast<pplcnet::Scale>(percent(take("scale", 1.0)));
    const auto task = take("det", false) ? pplcnet::V3::detection : pplcnet::V3::recognition;
    set(pplcnet::pplcnet_v3(width, task, {.input = input_}));
  }

  std::string name_;
  Json arguments_;  ///< those not yet taken
  pplcnet::Extent input_;
  std::shared_ptr<const pplcnet::Graph> graph_;
  std::string unknown_;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_GOLDEN_HPP
