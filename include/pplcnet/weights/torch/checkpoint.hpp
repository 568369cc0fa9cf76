#ifndef PPLCNET_WEIGHTS_TORCH_CHECKPOINT_HPP
#define PPLCNET_WEIGHTS_TORCH_CHECKPOINT_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "pplcnet/weights/byte_stream.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/pickle/pickle.hpp"
#include "pplcnet/weights/pickle/state_dict.hpp"
#include "pplcnet/weights/pickle/strided.hpp"
#include "pplcnet/weights/pickle/values.hpp"
#include "pplcnet/weights/torch/zip.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads a whole PyTorch checkpoint from memory: a state dict, or a dict that has one. The tensors
/// are in the order of the dict, and view `bytes` where they lie there without gaps; `file` changes
/// only on success.
PPLCNET_INLINE Error parse_torch_checkpoint(std::span<const std::byte> bytes, std::string_view path,
                                            TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
/// What torch.save writes (PyTorch, torch/serialization.py, torch/_utils.py): a pickle whose
/// tensors refer to storages by a key. Since 1.6 it is a zip archive, with the pickle in
/// NAME/data.pkl and the storages in NAME/data/KEY; before, the storages follow the pickle.
namespace torch {

using pickle::Global;
using pickle::Kind;
using pickle::Value;

/// The long integer that the older form begins with, as it is pickled, and the end of that pickle.
inline constexpr std::string_view kMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// Where the pickles after it begin in the older form; 0 if this is something else.
inline std::size_t after_magic(std::span<const std::byte> bytes) {
  const std::string_view begin(reinterpret_cast<const char*>(bytes.data()),
                               std::min<std::size_t>(bytes.size(), 32));
  const std::size_t place = begin.find(kMagic);
  return place == begin.npos ? 0 : place + kMagic.size();
}

/// Parses a persistent id: ('storage', class, key, device, count of elements).
struct Storage {
  std::string_view key;
  DataType type = DataType::f32;
  std::uint64_t count = 0;
  std::uint64_t size = 0;  ///< in bytes
};

inline Error read_storage(const PickleValues& values, const Value& value, std::string_view path,
                          Storage& storage) {
  const bool has_id = value.kind == Kind::storage && values.items(value)[0].kind == Kind::tuple;
  const std::span<const Value> id =
      has_id ? values.items(values.items(value)[0]) : std::span<const Value>();
  const bool has_view = id.size() == 6 && id[5].kind != Kind::none;  // of the older form
  if (id.size() < 5 || has_view || !values.is_global(id[1], Global::storage) ||
      !values.is_text(id[2]) || id[4].kind != Kind::integer || id[4].number < 0)
    return Error::of(path, ": expected a storage, found ", values.found(value));
  storage.key = values.text(id[2]);
  storage.type = values.global(id[1]).type;
  const std::array<std::int64_t, 1> shape = {id[4].number};
  const auto size = byte_count(storage.type, shape);
  if (!size) return Error::of(path, ": storage ", quote(storage.key), " is too large");
  storage.count = static_cast<std::uint64_t>(shape[0]);
  storage.size = *size;
  return {};
}

/// The pickles and storages of a checkpoint.
struct Checkpoint {
  PickleValues values;
  Value root;
  std::vector<ZipEntry> storages;  ///< sorted by key
};

inline Error open_zip(std::span<const std::byte> bytes, std::string_view path, MemoryBudget& budget,
                      Checkpoint& checkpoint) {
  constexpr std::string_view kPickle = "/data.pkl";
  std::vector<ZipEntry> entries;
  if (auto error = read_zip(bytes, path, budget, entries)) return error;
  const auto pickle = std::ranges::find_if(
      entries, [&](const ZipEntry& entry) { return entry.name.ends_with(kPickle); });
  if (pickle == entries.end())
    return Error::of(path, ": expected an archive of torch.save, found one without data.pkl");
  const std::string_view root = pickle->name.substr(0, pickle->name.size() - kPickle.size());
  if (find_entry(entries, join({root, "/constants.pkl"})) != nullptr)
    return Error::of(path, ": a TorchScript archive: save the state dict of its module instead");
  const ZipEntry* order = find_entry(entries, join({root, "/byteorder"}));
  const std::string_view text =
      order
          ? std::string_view(reinterpret_cast<const char*>(order->data.data()), order->data.size())
          : "little";
  if (text != "little")
    return Error::of(path, ": expected little-endian numbers, found ", quote(text));

  checkpoint.values.file = pickle->data;
  PickleReader reader(checkpoint.values, 0, path, budget);
  if (auto error = reader.read(checkpoint.root)) return error;
  const std::string prefix = join({root, "/data/"});
  std::erase_if(entries, [&](const ZipEntry& entry) { return !entry.name.starts_with(prefix); });
  for (ZipEntry& entry : entries) entry.name.remove_prefix(prefix.size());
  checkpoint.storages = std::move(entries);
  return {};
}

/// Reads the storages of the older form: of each key of a list the count of elements and the data.
inline Error read_storages(ByteStream bytes, std::span<const Value> keys, std::string_view path,
                           MemoryBudget& budget, Checkpoint& checkpoint) {
  const PickleValues& values = checkpoint.values;
  std::vector<Storage> known;
  if (!budget.reserve(known, values.storages.size()) ||
      !budget.reserve(checkpoint.storages, keys.size()))
    return MemoryBudget::exceeded(path);
  for (const Value& value : values.storages)
    if (auto error = read_storage(values, value, path, known.emplace_back())) return error;
  std::ranges::sort(known, {}, &Storage::key);
  for (const Value& key : keys) {
    ZipEntry& entry = checkpoint.storages.emplace_back();
    if (values.is_text(key)) entry.name = values.text(key);
    const auto storage = std::ranges::lower_bound(known, entry.name, {}, &Storage::key);
    std::uint64_t count = 0;
    if (storage == known.end() || storage->key != entry.name || !bytes.take(count) ||
        count != storage->count || !bytes.take(storage->size, entry.data))
      return Error::of(path, ": storage ", quote(entry.name), ": expected its data, found ",
                       bytes.bytes.size(), " bytes of something else");
  }
  std::ranges::sort(checkpoint.storages, {}, &ZipEntry::name);
  return {};
}

inline Error open_legacy(std::span<const std::byte> bytes, std::string_view path,
                         MemoryBudget& budget, Checkpoint& checkpoint) {
  checkpoint.values.file = bytes;
  const std::size_t begin = after_magic(bytes);
  if (begin == 0) return Error::of(path, ": expected what torch.save writes, found something else");
  PickleReader reader(checkpoint.values, begin, path, budget);
  Value version, system, keys;
  for (Value* value : {&version, &system, &checkpoint.root, &keys})
    if (auto error = reader.read(*value)) return error;
  if (version.kind != Kind::integer || version.number != 1001)
    return Error::of(path, ": expected version 1001 of torch.save, found another");
  const std::span<const Value> facts =
      system.kind == Kind::dict ? checkpoint.values.items(system) : std::span<const Value>();
  for (std::size_t i = 0; i < facts.size(); i += 2)
    if (checkpoint.values.is_text(facts[i]) &&
        checkpoint.values.text(facts[i]) == "little_endian" && facts[i + 1].number == 0)
      return Error::of(path, ": expected little-endian numbers, found big-endian ones");
  if (keys.kind != Kind::list)
    return Error::of(path, ": expected a list of storages, found ", checkpoint.values.found(keys));
  return read_storages({bytes.subspan(reader.position())}, checkpoint.values.items(keys), path,
                       budget, checkpoint);
}

/// Finds the dict of tensors: the checkpoint itself or, as timm chooses, the first of what training
/// scripts call it.
inline Error find_state_dict(const Checkpoint& checkpoint, std::string_view path, Value& state) {
  const PickleValues& values = checkpoint.values;
  if (checkpoint.root.kind != Kind::dict)
    return Error::of(path, ": expected a dict of tensors, found ", values.found(checkpoint.root));
  state = checkpoint.root;
  const std::span<const Value> items = values.items(checkpoint.root);
  for (const std::string_view name : {"state_dict_ema", "model_ema", "state_dict", "model"})
    for (std::size_t i = 0; i < items.size(); i += 2)
      if (values.is_text(items[i]) && values.text(items[i]) == name &&
          items[i + 1].kind == Kind::dict) {
        state = items[i + 1];
        return {};
      }
  return {};
}

/// Reads a tensor, which has its name.
inline Error read_tensor(const Checkpoint& checkpoint, Value value, MemoryBudget& budget,
                         TensorFile& file, Tensor& tensor) {
  const PickleValues& values = checkpoint.values;
  std::span<const Value> arguments;
  if (values.is_call(value, Global::parameter, arguments) && !arguments.empty())
    value = arguments[0];
  if (!values.is_call(value, Global::tensor, arguments) || arguments.size() < 4 ||
      arguments[1].kind != Kind::integer || arguments[1].number < 0)
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected a tensor, found ",
                     values.found(value));
  Storage storage;
  if (auto error = read_storage(values, arguments[0], file.path, storage)) return error;
  tensor.type = storage.type;
  const ZipEntry* entry = find_entry(checkpoint.storages, storage.key);
  if (entry == nullptr || entry->data.size() != storage.size)
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected ", storage.size,
                     " bytes of storage ", quote(storage.key), ", found ",
                     entry ? join({entry->data.size()}) : "none");
  Strided array{.storage = entry->data,
                .offset = static_cast<std::uint64_t>(arguments[1].number),
                .strides = {}};
  if (auto error = pickle::read_extents(values, arguments[2], budget, file, tensor, tensor.shape))
    return error;
  if (auto error = pickle::read_extents(values, arguments[3], budget, file, tensor, array.strides))
    return error;
  return assign_data(tensor, array, budget, file);
}

}  // namespace torch

PPLCNET_INLINE Error parse_torch_checkpoint(std::span<const std::byte> bytes, std::string_view path,
                                            TensorFile& file) {
  MemoryBudget budget(bytes.size());
  torch::Checkpoint checkpoint;
  pickle::Value state;
  if (auto error = zip::begins(bytes) ? torch::open_zip(bytes, path, budget, checkpoint)
                                      : torch::open_legacy(bytes, path, budget, checkpoint))
    return error;
  if (auto error = torch::find_state_dict(checkpoint, path, state)) return error;
  TensorFile result;
  result.path = path;
  const auto read = [&](const pickle::Value& value, Tensor& tensor) {
    return torch::read_tensor(checkpoint, value, budget, result, tensor);
  };
  if (auto error = pickle::read_state_dict(checkpoint.values, state, budget, result, read))
    return error;
  file = std::move(result);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_TORCH_CHECKPOINT_HPP
