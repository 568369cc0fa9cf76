#ifndef PPLCNET_EXAMPLES_PICTURE_VIEWS_HPP
#define PPLCNET_EXAMPLES_PICTURE_VIEWS_HPP

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "picture.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/plan/layer.hpp"

/// What a network is shown of a picture when it is used: the whole; where `pplcnet orient` reads it
/// in parts, pieces of a line or tiles of a page, which are rotated.
class PictureViews {
 public:
  /// The most views of a picture that has more: some at even distances, in all rotations.
  static constexpr std::size_t kMost = 8;

  /// `labels` are those of the network's classes.
  PictureViews(const pplcnet::NetworkTraits& traits, std::span<const std::string> labels);

  /// Calls `see` with each view; false from it ends all, and is the result.
  bool for_each(pplcnet::ImageView image, const std::function<bool(pplcnet::ImageView)>& see) const;

  /// Returns how pictures are to be read.
  Picture::Options options() const;

 private:
  enum class Kind { whole, pieces, tiles };
  Kind kind_ = Kind::whole;
};

#endif  // PPLCNET_EXAMPLES_PICTURE_VIEWS_HPP
