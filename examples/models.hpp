#ifndef PPLCNET_EXAMPLES_MODELS_HPP
#define PPLCNET_EXAMPLES_MODELS_HPP

#include <string>
#include <string_view>

#include "pplcnet/pplcnet.hpp"

/// The networks that the programs know by name: all published models.
namespace models {

/// Calls `visit.operator()<Net>()` for the model of that name; false if there is none.
template <class Visit>
bool with_model(std::string_view wanted, Visit visit) {
  bool found = false;
  pplcnet::models::for_each([&]<class Net>() {
    if (found || Net::Definition::model.name != wanted) return;
    found = true;
    visit.template operator()<Net>();
  });
  return found;
}

/// All names, for help and messages.
inline std::string names() {
  std::string text;
  pplcnet::models::for_each([&]<class Net>() {
    text.append(text.empty() ? "" : ", ").append(Net::Definition::model.name);
  });
  return text;
}

}  // namespace models

#endif  // PPLCNET_EXAMPLES_MODELS_HPP
