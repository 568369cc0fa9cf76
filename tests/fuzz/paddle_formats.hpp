#ifndef PPLCNET_TESTS_FUZZ_PADDLE_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_PADDLE_FORMATS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/format.hpp"
#include "fuzz/graph_formats.hpp"
#include "fuzz/tensor_formats.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/weights/paddle/info.hpp"
#include "pplcnet/weights/paddle/pdmodel.hpp"
#include "pplcnet/weights/paddle/pir.hpp"
#include "weights/contents.hpp"
#include "weights/paddle_model.hpp"
#include "weights/pickles.hpp"

/// What stands beside a .pdiparams file.
namespace pplcnet_test {

/// The small network, as Paddle exports it.
inline PaddleModel paddle_model(PaddleForm form) {
  const auto state = synthetic_state_dict(kLayers, kTraits);
  return PaddleNetwork(state.file, kLayers, kTraits, form).model();
}

/// Returns whether the small network is in the program, with the data that belong to it.
inline bool check_program(const pplcnet::PaddleProgram& program) {
  const auto name_of = [&](std::size_t constant) {
    return program.graph.constants.at(constant).name;
  };
  require(std::ranges::is_sorted(program.parameters, {}, name_of), "order");
  static const std::string data = paddle_model(PaddleForm::pdmodel).data();
  pplcnet::TensorFile file;
  require(!pplcnet::parse_pdiparams(bytes_of(data), kPath, file), "the data");
  return is_found([&](std::span<float> weights) {
    pplcnet::PaddleProgram filled = program;
    if (auto error = pplcnet::attach_parameters(file, filled)) return error;
    check_graph(filled.graph);
    return pplcnet::pack_graph(filled.graph, kLayers, kTraits, weights);
  });
}

/// `inference.json`: parsed piece by piece, and what counts is the largest.
inline Format pir_format() {
  const std::string parameter =
      R"({"#":"p","A":[0,1,1,"conv2d_0.w_0"],"DA":[],"O":{"%":2,"TT":{"#":"0.t_dtensor",)"
      R"("D":[{"#":"0.t_f32"},[8,3,3,3],"NCHW",[],0]}},"OA":[1,0,1],"QA":[]})";
  const std::string bias =
      R"({"#":"p","A":[0,1,1,"linear_0.b_0_deepcopy_145"],"O":{"%":3,"TT":{"D":[{},[2]]}}})";
  const std::string convolution =
      R"({"#":"1.conv2d","A":[{"AT":{"#":"0.a_str","D":"NCHW"},"N":"data_format"},)"
      R"({"AT":{"#":"0.a_array","D":[{"#":"0.a_i32","D":2},{"#":"0.a_i32","D":1}]},)"
      R"("N":"strides"}],"I":[{"%":0},{"%":2}],"O":[{"%":4}]})";
  const std::string input =
      R"({"#":"1.data","O":[{"%":5,"TT":{"D":[{"#":"0.t_f32"},[-1,3,80,160]]}}]})";
  const std::string before =
      R"({"base_code":{"magic":"pir"},"program":{"regions":[{"blocks":[{"ops":[)";
  const std::string after = "]}]}]}}";
  std::vector<Parts> files =
      joined({before + parameter, before + bias + "," + parameter, before + parameter + "," + input,
              before + repeated("{},", 100) + parameter},
             {"," + convolution + after, "," + input + "," + convolution + after, after});
  files.push_back({paddle_model(PaddleForm::pir).graph(), ""});
  return {.files = files,
          .read =
              [](std::string_view contents) {
                return run<pplcnet::PaddleProgram>(
                    [&](pplcnet::PaddleProgram& program) {
                      return pplcnet::parse_pir(bytes_of(contents), kPath, program);
                    },
                    check_program);
              },
          .large = {before + repeated("{},") + "{}" + after, before + repeated("0,") + "0" + after,
                    before + "[" + repeated("0,") + "0]" + after,
                    before + "{\"A\":[" + repeated("{\"\":0},") + "0]}" + after,
                    "{\"\":[" + repeated("[],") + "0]}"},
          .words = {"\"#\":\"p\"", "\"1.conv2d\"", "\"1.data\"", "\"N\":\"strides\"", "\"AT\":{",
                    "\"TT\":{", "\"D\":[", "\"I\":[{\"%\":", "\"1.full_int_array\""},
          .counted = Memory::held};
}

inline Format pdmodel_format() {
  PaddleModel variables(PaddleForm::pdmodel), operations(PaddleForm::pdmodel),
      attributes(PaddleForm::pdmodel);
  std::vector<PaddleModel::Attribute> many;
  for (int i = 0; i < kMany; ++i) {
    variables.parameter(std::to_string(i), {0}, {});
    operations.operation("", {}, {});
    many.push_back({"", 0});
  }
  attributes.operation("", {}, many);
  return {.files = {{paddle_model(PaddleForm::pdmodel).graph(), ""}},
          .read =
              [](std::string_view contents) {
                return run<pplcnet::PaddleProgram>(
                    [&](pplcnet::PaddleProgram& program) {
                      return pplcnet::parse_pdmodel(bytes_of(contents), kPath, program);
                    },
                    check_program);
              },
          .large = {variables.graph(), operations.graph(), attributes.graph()},
          .words = {"conv2d", "depthwise_conv2d", "batch_norm", "elementwise_add", "hard_swish",
                    "pool2d", "ksize", "strides", "Filter", "Input", "feed"},
          .damage = damage_messages};
}

/// `.pdiparams.info`
inline Format info_format() {
  using namespace pplcnet_test::pickled;
  const auto names = [](const std::string& graph, const std::string& state_dict) {
    return text(graph) + dict({{"structured_name", text(state_dict)}, {"stop_gradient", yes}});
  };
  const std::string begin = "\x80\x02}(", one = names("conv2d_0.w_0", "conv1.conv.weight");
  std::string many;
  for (int i = 0; i < kMany; ++i) many += names(std::to_string(i), "a");
  return {.files = joined({begin, begin + names("a", "b"), begin + one + names("", "c")},
                          {"u.", one + "u."}),
          .read =
              [](std::string_view contents) {
                return run<pplcnet::PdiparamsInfo>(
                    [&](pplcnet::PdiparamsInfo& info) {
                      return pplcnet::parse_pdiparams_info(bytes_of(contents), kPath, info);
                    },
                    [](const pplcnet::PdiparamsInfo& info) {
                      require(std::ranges::is_sorted(info.names, {},
                                                     &pplcnet::PdiparamsInfo::Names::graph),
                              "order");
                      for (const auto& [graph, state_dict] : info.names)
                        require(!state_dict.empty(), "a name");
                      return true;
                    });
              },
          .large = {begin + many + "u."},
          .words = pickle_words()};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_PADDLE_FORMATS_HPP
