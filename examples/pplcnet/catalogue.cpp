#include "catalogue.hpp"

#include <algorithm>
#include <vector>

#include "pplcnet/models/models.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"

bool is_general(const Published& one) {
  constexpr int kImageNetClasses = 1000;
  return one.architecture.classes == kImageNetClasses;
}

std::span<const Published> published() {
  static const std::vector<Published> kAll = [] {
    std::vector<Published> all;
    pplcnet::for_each(pplcnet::models::AllModels{}, [&]<class Net>() {
      all.push_back({Net::Definition::model, Net::Definition::architecture});
    });
    return all;
  }();
  return kAll;
}

const Published* find_published(std::string_view name) {
  const auto all = published();
  const auto found =
      std::ranges::find_if(all, [&](const Published& one) { return one.model.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string names_of_published(bool classifiers_only) {
  std::string text;
  for (const Published& one : published())
    if (!classifiers_only || one.architecture.classes > 0)
      text.append(text.empty() ? "" : ", ").append(one.model.name);
  return text;
}

std::string check_published(const std::string& name) {
  if (find_published(name) != nullptr) return "";
  return pplcnet::join(
      {"no model is called ", pplcnet::quote(name), "; there are ", names_of_published(false)});
}
