// pplcnet quantise: a network in int8 from one in floats and some pictures.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "over_pictures.hpp"
#include "picture_views.hpp"
#include "pictures.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/open/open_network.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/quantise/layer_losses.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantise/quantise_network.hpp"
#include "pplcnet/quantise/self_test.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/stored_as.hpp"
#include "printable.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Error;

struct QuantiseArguments {
  NetworkOptions network;
  std::vector<std::string> pictures;
  std::string output, ranges = "minmax";
  double percentile = 99.99;
  int most = 500, threads = 1;
  bool json = false;
};

/// A network in floats, later also in bytes, and what one thread needs to run pictures.
struct Networks {
  explicit Networks(pplcnet::OpenedNetwork opened)
      : floats(std::move(opened.network)),
        preprocessing(opened.preprocessing),
        views(floats.traits(), opened.labels),
        tables(pplcnet::normalisation_tables(preprocessing.normalisation)) {}

  /// Reads a picture, and calls `see` with each view of it, as the networks see it.
  Error read(const std::string& path, const std::function<void(const pplcnet::Picture&)>& see) {
    const auto see_view = [&](pplcnet::ImageView view) {
      if (!pplcnet::resize_and_crop(preprocessing, view, scratch)) return false;
      const pplcnet::Shape shape = floats.input_shape();
      const auto picture =
          pplcnet::Picture::interleaved(scratch.pixels.data(), tables.data(), shape);
      const bool is_bgr = preprocessing.channel_order == pplcnet::ChannelOrder::bgr;
      see(is_bgr ? picture.reversed(shape) : picture);
      return true;
    };
    const auto see_all = [&](pplcnet::ImageView image) {
      return views.for_each(image, see_view) ? Error() : too_narrow(path);
    };
    return see_picture(path, see_all, views.options());
  }

  pplcnet::AnyNetwork floats;
  std::optional<pplcnet::AnyQuantisedNetwork> bytes;
  pplcnet::Preprocessing preprocessing;
  PictureViews views;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> tables;
  pplcnet::PreprocessScratch scratch;
};

/// What the pictures say of the network in bytes.
struct LossComparison {
  pplcnet::LayerLosses losses;
  std::size_t pictures = 0, views = 0, agreeing = 0;

  double agreement() const {
    return views == 0 ? 0 : static_cast<double>(agreeing) / static_cast<double>(views);
  }
};

Error open(const QuantiseArguments& arguments, std::optional<pplcnet::OpenedNetwork>& opened,
           pplcnet::ModelInfo& info) {
  pplcnet::WeightFile file;
  const NetworkOptions& network = arguments.network;
  if (auto error = open_weights(network.weights, "", file, network.part)) return error;
  // A detector is no backbone, though it begins with one.
  if (auto error = pplcnet::open_network(file, network.model, pplcnet::Purpose::whole, opened))
    return error;
  if (auto error = pplcnet::check_quantisable(opened->network.plan()))
    return Error::of(file.path(), ": holds ", opened->published->model.name,
                     ", which cannot be quantised: ", error.message(),
                     "; `pplcnet inspect MODEL` has a line on int8 of networks that can be");
  info = {.labels = opened->labels,
          .preprocessing = std::string(opened->preprocessing.name),
          .model = std::string(opened->is_published ? opened->published->model.name : "")};
  if (opened->output == pplcnet::Output::sigmoid) info.output = output_name(opened->output);
  if (info.preprocessing.empty())
    return Error::of(file.path(),
                     ": its pictures are prepared in a way that has no name, which is all that "
                     "files can keep; say another with `pplcnet convert --preset` first");
  if (!network.labels.empty())
    if (auto error = read_labels(network.labels, opened->network.traits().label_count, info.labels))
      return error;
  opened->labels = info.labels;
  return {};
}

/// Lists the pictures, at most so many: those at even distances.
std::vector<std::string> choose_pictures(PictureNames& names, std::size_t most) {
  std::vector<std::string> all;
  while (auto name = names.next()) all.push_back(*std::move(name));
  if (all.size() <= most) return all;
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < most; ++i) chosen.push_back(std::move(all[i * all.size() / most]));
  return chosen;
}

pplcnet::RangeOptions range_options(const QuantiseArguments& arguments) {
  using enum pplcnet::RangeMethod;
  return {.method = arguments.ranges == "mse"          ? squared_error
                    : arguments.ranges == "percentile" ? percentile
                                                       : min_max,
          .percentile = arguments.percentile};
}

/// Runs the network in floats over the pictures, and leaves out those that cannot be read.
bool calibrate(const QuantiseArguments& arguments, const Networks& networks,
               std::vector<std::string>& pictures, pplcnet::Calibration& calibration) {
  std::vector<std::string> seen;
  const bool good = over_pictures(
      networks, arguments.threads, pictures.size(), one_by_one(pictures),
      [&](Networks& own, const std::string& path) {
        Outcome<std::vector<pplcnet::LayerOutputs>> outcome;
        outcome.error = own.read(path, [&](const pplcnet::Picture& picture) {
          pplcnet::LayerOutputs& outputs = outcome.value.emplace_back(own.floats.layers());
          own.floats.run(picture, outputs.destinations());
        });
        return outcome;
      },
      [&](const std::string& path, auto& outcome) {
        for (const pplcnet::LayerOutputs& outputs : outcome.value) calibration.add(outputs);
        seen.push_back(path);
        return true;
      });
  pictures = std::move(seen);
  return good;
}

/// Compares both networks on the pictures.
bool compare(const QuantiseArguments& arguments, const Networks& networks,
             const std::vector<std::string>& pictures, LossComparison& comparison) {
  const int logits = networks.floats.traits().logits;
  const auto is_same = [&](const pplcnet::LayerOutputs& one, const pplcnet::LayerOutputs& other) {
    const auto best = [&](const pplcnet::LayerOutputs& outputs) {
      const auto scores = outputs.of(static_cast<std::size_t>(logits));
      return std::ranges::max_element(scores) - scores.begin();
    };
    return logits >= 0 && best(one) == best(other);
  };
  return over_pictures(
      networks, arguments.threads, pictures.size(), one_by_one(pictures),
      [&](Networks& own, const std::string& path) {
        Outcome<LossComparison> outcome;
        pplcnet::LayerOutputs floats(own.floats.layers()), bytes(own.floats.layers());
        outcome.error = own.read(path, [&](const pplcnet::Picture& picture) {
          own.floats.run(picture, floats.destinations());
          own.bytes->run(picture, bytes.destinations());
          outcome.value.losses.add(floats, bytes);
          outcome.value.agreeing += is_same(floats, bytes) ? 1 : 0;
          ++outcome.value.views;
        });
        return outcome;
      },
      [&](const std::string&, auto& outcome) {
        if (outcome.value.views > 0) comparison.losses.merge(outcome.value.losses);
        comparison.views += outcome.value.views;
        comparison.agreeing += outcome.value.agreeing;
        ++comparison.pictures;
        return true;
      });
}

/// Writes the network, and reads it back before it gets its name.
Error write(const QuantiseArguments& arguments, const Networks& networks,
            const pplcnet::QuantisedModel& model, const pplcnet::ModelInfo& info) {
  OutputFile file(arguments.output);
  if (auto error = pplcnet::save_quantised(file, *networks.bytes, model, info)) return error;
  pplcnet::FileBytes bytes;
  if (auto error = pplcnet::read_file(file.temporary(), bytes)) return error;
  const pplcnet::AnyNetwork& floats = networks.floats;
  pplcnet::QuantisedModel again;
  std::optional<pplcnet::AnyQuantisedNetwork> network;
  if (auto error = pplcnet::load_quantised_bytes(std::as_const(bytes).bytes(), file.temporary(),
                                                 floats.layers(), floats.traits(), again))
    return error;
  if (auto error = pplcnet::AnyQuantisedNetwork::make(floats.graph(), again, 1, network))
    return error;
  if (auto error =
          pplcnet::self_test_quantised(std::as_const(bytes).bytes(), file.temporary(), *network))
    return error;
  return interruption::happened() ? Error("interrupted") : file.publish();
}

/// A layer with less than this, in decibels, is worth a look.
constexpr double kWeak = 10;

/// With fewer pictures others often have values that none of them has.
constexpr std::size_t kFewPictures = 100;

void print(const Networks& networks, const LossComparison& comparison) {
  std::printf("%-34s %-14s %12s\n", "layer", "output", "S/N in dB");
  const auto layers = networks.floats.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const pplcnet::Shape shape = layers[i].output;
    const double decibels = comparison.losses.losses()[i].decibels();
    const std::string size = pplcnet::join({shape.height, "x", shape.width, "x", shape.channels});
    std::printf("%-34s %-14s %12.1f%s\n", pplcnet::layer_name(layers[i]).c_str(), size.c_str(),
                decibels, decibels < kWeak ? "  weak" : "");
  }
  std::printf("kept in float: none; every layer computes with integers\n");
  if (comparison.pictures < kFewPictures)
    std::printf("few pictures: ranges are of %zu; 100 to 500 show which values are usual\n",
                comparison.pictures);
  if (networks.floats.traits().logits < 0) return;
  std::printf("the same class as in float: %.2f %% of ", 100 * comparison.agreement());
  if (comparison.views != comparison.pictures) std::printf("%zu views of ", comparison.views);
  std::printf("%zu pictures\n", comparison.pictures);
}

void print_json(const QuantiseArguments& arguments, const Networks& networks,
                const LossComparison& comparison, double seconds) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < networks.floats.layers().size(); ++i)
    layers.add(Json::object({{"name", pplcnet::layer_name(networks.floats.layers()[i])},
                             {"decibels", comparison.losses.losses()[i].decibels()}}));
  Json result = Json::object({{"pictures", comparison.pictures},
                              {"views", comparison.views},
                              {"ranges", arguments.ranges}});
  if (networks.floats.traits().logits >= 0) result.add("agreement", comparison.agreement());
  result.add("kept_in_float", Json::array());
  result.add("layers", std::move(layers));
  result.add("seconds", seconds);
  result.add_file(arguments.output);
  std::printf("%s\n", result.text(1).c_str());
}

int run(const QuantiseArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<pplcnet::OpenedNetwork> opened;
  pplcnet::ModelInfo info;
  if (report(open(arguments, opened, info))) return 1;
  PictureNames names(arguments.pictures);
  std::vector<std::string> pictures =
      choose_pictures(names, static_cast<std::size_t>(arguments.most));
  for (const std::string& path : pictures) add_input(path);
  if (report(claim_output(arguments.output, Report::printed))) return 1;
  if (report(check_native_name(arguments.output))) return 2;

  Networks networks(*std::move(opened));
  const pplcnet::Plan& plan = networks.floats.plan();
  pplcnet::Calibration calibration(networks.floats.layers());
  bool good = calibrate(arguments, networks, pictures, calibration);
  if (interruption::happened()) return interruption::exit_status();
  if (pictures.empty()) return fail(Error("no picture to calibrate with"));
  pplcnet::ChannelRanges ranges;
  pplcnet::QuantisedModel model;
  if (report(calibration.choose(range_options(arguments), ranges)) ||
      report(pplcnet::quantise(plan, networks.floats.weights(), networks.tables, ranges, model)) ||
      report(pplcnet::AnyQuantisedNetwork::make(networks.floats.graph(), model, /*threads=*/1,
                                                networks.bytes)))
    return 1;
  LossComparison comparison;
  good = compare(arguments, networks, pictures, comparison) && good;
  if (interruption::happened()) return interruption::exit_status();
  if (comparison.pictures == 0) return fail(Error("no picture to compare with"));
  if (report(write(arguments, networks, model, info))) return 1;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (arguments.json) {
    print_json(arguments, networks, comparison, seconds);
  } else {
    print(networks, comparison);
    std::printf("seconds: %.1f\nwritten: %s\n", seconds, printable(arguments.output).c_str());
  }
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_quantise(CommandLine& program) {
  const auto arguments = std::make_shared<QuantiseArguments>();
  const Command command =
      program.add("quantise", "A network in int8, from one in floats and some of its pictures");
  command.footer(
      "Runs the pictures through the network and notes which values each channel of each layer "
      "takes; 100 to 500 are enough, of the kind that the network will see, and no labels are "
      "needed. Of lines and pages whose orientation it reads it sees what `orient` shows it: "
      "pieces or tiles, rotated. From them each channel gets a scale, and the weights become int8. "
      "The result is a quarter as large and computes with integers alone, so every machine gives "
      "the same bits."
      "\n\nThen both networks see the pictures again. The table has, for each layer, how much "
      "stronger its output is than what int8 changes of it (20 dB: ten times), and below it is how "
      "often both give a picture the same class. Where that is too seldom, take more pictures, or "
      "other ranges: minmax clips none of the values, mse what rounding gains more by, percentile "
      "the outermost of each channel."
      "\n\nExample: pplcnet quantise --weights PPLCNet_x1_0.safetensors --pictures photos -o "
      "int8.safetensors"
      "\n\nExit status: 0; 1 if a picture could not be read, which is named and left out, or there "
      "is no result; 2: usage error; 130 after Ctrl-C.");
  command
      .add("--pictures", arguments->pictures,
           "Files, folders, patterns, or - for names on standard input")
      .required();
  arguments->network.add_to(command);
  arguments->network.add_labels_to(command);
  command.add("-o,--out,--output", arguments->output, "The network in int8, .safetensors")
      .required();
  command.add("--ranges", arguments->ranges, "How a channel's range is chosen")
      .one_of({"minmax", "mse", "percentile"})
      .show_default();
  command
      .add("--percentile", arguments->percentile,
           "Per cent of a channel's values below the upper end of its range, and above the lower")
      .range(50.0, 100.0)
      .show_default();
  command
      .add("--most", arguments->most,
           "The most pictures that are taken; of more, some at even distances")
      .range(1, 100000)
      .show_default();
  command.add_flag("--json", arguments->json, "One JSON object");
  add_threads(command, arguments->threads);
  return [arguments, command] {
    if (command.count("--percentile") == 0 || arguments->ranges == "percentile")
      return run(*arguments);
    report(Error("--percentile is for --ranges percentile"));
    return 2;
  };
}
