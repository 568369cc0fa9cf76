#include "coco.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "command.hpp"
#include "pplcnet/image/text_lines.hpp"
#include "pplcnet/weights/path.hpp"

using pplcnet::AnnotatedObject;
using pplcnet::Error;

namespace {

using Ids = std::map<std::int64_t, std::size_t>;  // to places in a list

/// What an object of a JSON file has under a name; null if it is no object or has nothing there.
const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json kNothing;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? kNothing : *found;
}

std::optional<std::int64_t> id_in(const nlohmann::json& object, const char* name) {
  const nlohmann::json& id = member(object, name);
  return id.is_number_integer() ? std::optional(id.get<std::int64_t>()) : std::nullopt;
}

/// Reads the ids and names in a list, such as "images".
Error read_named(const nlohmann::json& all, const std::string& path, const char* list,
                 const char* name, std::map<std::int64_t, std::string>& names) {
  std::size_t number = 0;
  for (const nlohmann::json& one : member(all, list)) {
    const auto id = id_in(one, "id");
    const nlohmann::json& text = member(one, name);
    if (!id || !text.is_string())
      return Error::of(path, ": \"", list, "\"[", number, "]: expected an \"id\" and a \"", name,
                       "\"");
    if (!names.emplace(*id, text.get<std::string>()).second)
      return Error::of(path, ": \"", list, "\"[", number, "]: id ", *id, " is there twice");
    ++number;
  }
  return {};
}

/// Finds the class of each category.
Error find_classes(const std::map<std::int64_t, std::string>& categories, const std::string& path,
                   const NetworkClasses& classes, Ids& ids) {
  std::set<std::size_t> taken;
  const std::string* unknown = nullptr;
  for (const auto& [id, name] : categories) {
    const auto label = std::ranges::find(classes.labels, name);
    const auto place = static_cast<std::size_t>(label - classes.labels.begin());
    if (label != classes.labels.end() && taken.insert(place).second)
      ids[id] = place;
    else if (unknown == nullptr)
      unknown = &name;
  }
  if (unknown == nullptr) return {};
  if (categories.size() != static_cast<std::size_t>(classes.count))
    return Error::of(path, ": category ", pplcnet::quote(*unknown),
                     " is no label of the network, and there are ", categories.size(),
                     " categories, not one for each of its ", classes.count, " classes");
  report(Error::of(path, ": category ", pplcnet::quote(*unknown),
                   " is no label of the network; all are taken for its classes in the order of "
                   "their ids"));
  std::size_t place = 0;
  for (const auto& [id, name] : categories) ids[id] = place++;
  return {};
}

/// Reads the box, area and crowd of an annotation; nothing if it has no box.
std::optional<AnnotatedObject> object_in(const nlohmann::json& annotation) {
  const nlohmann::json& box = member(annotation, "bbox");
  std::array<double, 4> sides = {};
  if (!box.is_array() || box.size() != sides.size()) return std::nullopt;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (!box[i].is_number()) return std::nullopt;
    sides[i] = box[i].get<double>();
  }
  AnnotatedObject object = {.x = sides[0], .y = sides[1], .width = sides[2], .height = sides[3]};
  const nlohmann::json& area = member(annotation, "area");
  object.area = area.is_number() ? area.get<double>() : object.width * object.height;
  const nlohmann::json& crowd = member(annotation, "iscrowd");
  object.is_crowd =
      crowd.is_boolean() ? crowd.get<bool>() : crowd.is_number() && crowd.get<double>() != 0;
  return object;
}

}  // namespace

Error parse_coco(std::string_view text, const std::string& path, const std::string& folder,
                 const NetworkClasses& classes, std::vector<AnnotatedPicture>& pictures) {
  const auto all = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (all.is_discarded()) return Error::of(path, ": expected COCO's annotations, found no JSON");
  for (const char* list : {"images", "annotations", "categories"})
    if (!member(all, list).is_array())
      return Error::of(path, ": expected COCO's annotations, found no list \"", list, "\"");
  std::map<std::int64_t, std::string> files, categories;
  if (auto error = read_named(all, path, "images", "file_name", files)) return error;
  if (auto error = read_named(all, path, "categories", "name", categories)) return error;
  Ids class_ids, places;
  if (auto error = find_classes(categories, path, classes, class_ids)) return error;
  pictures.clear();
  for (const auto& [id, name] : files) {
    places[id] = pictures.size();
    pictures.push_back({pplcnet::name_in(folder, name), {}});
  }
  std::size_t number = 0;
  for (const nlohmann::json& annotation : member(all, "annotations")) {
    const auto image = id_in(annotation, "image_id"), category = id_in(annotation, "category_id");
    auto object = object_in(annotation);
    if (!image || !category || !object)
      return Error::of(path, ": \"annotations\"[", number,
                       "]: expected an \"image_id\", a \"category_id\" and a \"bbox\" of four "
                       "numbers");
    ++number;
    const auto place = places.find(*image), class_id = class_ids.find(*category);
    if (place == places.end() || class_id == class_ids.end()) continue;
    object->class_id = static_cast<int>(class_id->second);
    pictures[place->second].objects.push_back(*object);
  }
  return pictures.empty() ? Error::of(path, ": has no pictures") : Error();
}
