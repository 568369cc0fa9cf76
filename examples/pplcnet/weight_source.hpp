#ifndef PPLCNET_EXAMPLES_WEIGHT_SOURCE_HPP
#define PPLCNET_EXAMPLES_WEIGHT_SOURCE_HPP

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "tar.hpp"

/// Where weights are, and what lies beside them: a file in a folder, a folder with one such file in
/// it, a tar archive of a folder, or memory.
class WeightSource {
 public:
  /// A part of the source: its bytes live as long as the source.
  struct Part {
    std::string path;
    std::span<const std::byte> bytes;
    bool is_there() const { return !path.empty(); }
  };

  pplcnet::Error open(const std::string& path);
  void open(std::span<const std::byte> bytes, std::string name);

  /// What was asked for.
  const std::string& path() const { return path_; }
  const Part& weights() const { return weights_; }

  /// Reads a file that was named.
  pplcnet::Error read(const std::string& path, Part& part);
  /// Reads what has the name of the weights with the first of these extensions that is there.
  pplcnet::Error read_beside(std::initializer_list<const char*> extensions, Part& part);

 private:
  pplcnet::Error choose_in_folder(const std::string& folder, std::string& chosen) const;
  pplcnet::Error open_archive();

  std::string path_;
  Part weights_;
  std::deque<pplcnet::FileBytes> files_;
  std::vector<TarEntry> entries_;
  bool in_memory_ = false;
};

#endif  // PPLCNET_EXAMPLES_WEIGHT_SOURCE_HPP
