#ifndef PPLCNET_MODELS_MODEL_HPP
#define PPLCNET_MODELS_MODEL_HPP

#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/attributes.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/results.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The function that turns logits into probabilities.
enum class Output : unsigned char {
  softmax,  ///< one class of all
  sigmoid,  ///< each class for itself: attributes
};

/// Returns the word for it in files.
constexpr std::string_view output_name(Output output) {
  return output == Output::sigmoid ? "sigmoid" : "softmax";
}

/// Metadata of published weights. The definition of a published network
/// has one as `model`; so may that of a user's own.
struct Model {
  std::string_view name;
  Preprocessing preprocessing;
  std::span<const std::string_view> labels = {};  ///< by class, or none
  Output output = Output::softmax;
  std::optional<double> threshold = {};  ///< two classes: the second from this probability on

  // As published, to the digits that were published; 0: not published.
  double top1 = 0;        ///< accuracy in percent
  double parameters = 0;  ///< millions; Paddle's include the statistics of batch norm
  double flops = 0;       ///< millions, see flops.hpp; torchvision's are multiply-adds
};

/// A network whose definition is that of a published model.
template <class Net>
concept HasModel = requires {
  Net::Definition::model.preprocessing;
};

/// Returns a model's prediction from the probabilities of its classes: the attributes; or the class
/// that the threshold decides for; or the most probable class.
template <HasModel Net>
constexpr auto decode(std::span<const float, Net::classes> probabilities) {
  using Definition = typename Net::Definition;
  if constexpr (requires { Definition::decode(probabilities); }) {
    return Definition::decode(probabilities);
  } else if constexpr (Definition::model.threshold.has_value()) {
    return threshold(probabilities, *Definition::model.threshold);
  } else {
    return top_k<1>(probabilities).front();
  }
}

/// Types in a row: the networks of one family.
template <class... Nets>
struct ModelList {};

/// Several lists as one, `Joined<…>::List`. By types alone: a function's arguments would have the
/// compiler look into every network and lay it out.
template <class... Lists>
struct Joined {
  using List = ModelList<>;
};
/// The end of the list.
template <class... Nets>
struct Joined<ModelList<Nets...>> {
  using List = ModelList<Nets...>;
};
template <class... Nets, class... More, class... Lists>
struct Joined<ModelList<Nets...>, ModelList<More...>, Lists...>
    : Joined<ModelList<Nets..., More...>, Lists...> {};

/// Calls `visit.operator()<Net>()` for each network of a list, in order.
template <class... Nets, class Visit>
constexpr void for_each(ModelList<Nets...>, Visit&& visit) {
  (visit.template operator()<Nets>(), ...);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_MODEL_HPP
