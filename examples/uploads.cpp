// Which way up are lines of text that lie in memory as JPEG, PNG or BMP, as a server gets them? All
// are decoded with limits and classified in one call; one that is damaged does not stop the others.
//
//     uploads PICTURE...
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "picture.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet_embedded/text_line_orientation.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25,
                             pplcnet::Options{.classes = 2,
                                              .input = {80, 160},
                                              .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}},
                                              .storage = pplcnet::Storage::half}>;

int main(int count, char** arguments) {
  pplcnet::Classifier<Net> classifier;
  if (auto error = classifier.view(pplcnet_embedded::text_line_orientation(), "weights"))
    return std::puts(error.message()), 1;

  const std::vector<std::string> names(arguments + 1, arguments + count);
  const Picture::Options options = {
      .limits = {.pixels = 4 << 20, .bytes = 32 << 20}};  // at most 4 megapixels, in 32 MB
  std::vector<Picture> pictures(names.size());
  std::vector<pplcnet::ImageView> views(names.size());  // empty: no prediction
  bool complete = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    pplcnet::FileBytes upload;
    auto error = pplcnet::read_file(names[i], upload);
    if (!error)
      error = Picture::decode(std::as_const(upload).bytes(), names[i], pictures[i], options);
    if (!error) views[i] = pictures[i].view();
    if (error) std::fprintf(stderr, "%s\n", error.message());
    complete = complete && !error;
  }

  pplcnet::ThreadPool pool(2);
  std::vector<pplcnet::Prediction> best(views.size());
  if (auto error = classifier.classify(views, best, {.executor = pool.executor()}))
    return std::puts(error.message()), 1;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (best[i].class_id >= 0)
      std::printf("%.4f %s %s\n", best[i].score, classifier.label(best[i].class_id).c_str(),
                  names[i].c_str());
  return complete ? 0 : 1;
}
