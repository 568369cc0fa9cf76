#ifndef PPLCNET_EXAMPLES_MODELS_HPP
#define PPLCNET_EXAMPLES_MODELS_HPP

#include <string>
#include <string_view>

#include "pplcnet/pplcnet.hpp"

/// The networks that the programs know by name: published models.
namespace models {

using All = pplcnet::models::AllModels;
using Classifiers = decltype(pplcnet::classifiers_of(All{}));

/// Calls `visit.operator()<Net>()` for the model of that name; false if there is none.
template <class List, class Visit>
bool with_model(List list, std::string_view wanted, Visit visit) {
  bool found = false;
  pplcnet::for_each(list, [&]<class Net>() {
    if (found || Net::Definition::model.name != wanted) return;
    found = true;
    visit.template operator()<Net>();
  });
  return found;
}

/// All names of a list, for help and messages.
template <class List>
std::string names(List list) {
  std::string text;
  pplcnet::for_each(list, [&]<class Net>() {
    text.append(text.empty() ? "" : ", ").append(Net::Definition::model.name);
  });
  return text;
}

}  // namespace models

#endif  // PPLCNET_EXAMPLES_MODELS_HPP
