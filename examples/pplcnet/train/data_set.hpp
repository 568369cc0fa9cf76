#ifndef PPLCNET_EXAMPLES_TRAIN_DATA_SET_HPP
#define PPLCNET_EXAMPLES_TRAIN_DATA_SET_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "example.hpp"
#include "pplcnet/weights/error.hpp"

/// Where pictures and their classes come from: a folder with one for each class, or Paddle's list.
struct DataSource {
  std::string images, root = {};  ///< root: where a list's paths begin; empty: its own folder
  std::string validation =
      {};               ///< the same, for the pictures that are not learnt from; empty: split
  double held_out = 0;  ///< the share that is held out where there is no `validation`
  std::vector<std::string> labels = {};  ///< of the classes, if they are known before
  int rotations = 0;  ///< of upright pictures, which are the classes; 0: the folders or numbers are
};

/// Pictures whose classes are known, in two parts.
struct DataSet {
  std::vector<std::string> labels;  ///< by class
  std::vector<Example> training, validation;
  bool complete = true;  ///< false: something was left out, which has been reported

  int classes() const { return static_cast<int>(labels.size()); }
  std::size_t size() const { return training.size() + validation.size(); }
  /// Returns how many pictures of each class are learnt from.
  std::vector<std::int64_t> counts() const;
  /// Returns a number that is another one for other pictures, classes or parts.
  std::uint64_t fingerprint() const;
};

/// Reads the names of the pictures. Of each class the same share is held out, at least one picture
/// if there are two: those whose paths have the smallest hashes, so that pictures that come in
/// later leave the others where they are. Where the classes are rotations a folder has upright
/// pictures, each of which is in the set in every rotation, all of them in the same part. An error
/// if there are not two classes, or a class is out of range; a class without pictures is reported.
pplcnet::Error read_data_set(const DataSource& source, DataSet& data);

#endif  // PPLCNET_EXAMPLES_TRAIN_DATA_SET_HPP
