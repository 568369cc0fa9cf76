#ifndef PPLCNET_EXAMPLES_MODELS_HPP
#define PPLCNET_EXAMPLES_MODELS_HPP

#include <string>
#include <string_view>

#include "pplcnet/pplcnet.hpp"

/// The networks that the programs know by name: all published models.
namespace models {

/// Which of them a program can use.
enum class Kind { all, classifiers };

/// Calls `visit.operator()<Net>()` for each model of a kind.
template <Kind kKind, class Visit>
void for_each(Visit visit) {
  pplcnet::models::for_each([&]<class Net>() {
    if constexpr (kKind == Kind::all || Net::classes > 0) visit.template operator()<Net>();
  });
}

/// Calls `visit.operator()<Net>()` for the model of that name; false if there is none.
template <Kind kKind, class Visit>
bool with_model(std::string_view wanted, Visit visit) {
  bool found = false;
  for_each<kKind>([&]<class Net>() {
    if (found || Net::Definition::model.name != wanted) return;
    found = true;
    visit.template operator()<Net>();
  });
  return found;
}

/// All names, for help and messages.
template <Kind kKind>
std::string names() {
  std::string text;
  for_each<kKind>([&]<class Net>() {
    text.append(text.empty() ? "" : ", ").append(Net::Definition::model.name);
  });
  return text;
}

}  // namespace models

#endif  // PPLCNET_EXAMPLES_MODELS_HPP
