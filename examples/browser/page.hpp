#ifndef PPLCNET_EXAMPLES_BROWSER_PAGE_HPP
#define PPLCNET_EXAMPLES_BROWSER_PAGE_HPP

#include <cstddef>
#include <cstdint>

// What the page calls. There is one picture at a time, and a call is over before the next begins.
// What a function points to is valid until the same one is called again; null: it failed, and
// `message` says why.

extern "C" {

/// The networks of the page: the two whose weights are part of it, and the one with the classes
/// that were learnt in it.
enum PageNetwork : int { kPages, kLines, kOwnClasses };

/// Returns memory for what the page passes, aligned as weights must be; null if there is none.
std::uint8_t* reserve(std::size_t size);
void release(std::uint8_t* memory);

/// Returns what was wrong, in UTF-8.
const char* message();

/// Takes the weights of kPages or kLines, a native file.
bool open_network(int network, const std::uint8_t* file, std::size_t size);

/// Decodes a JPEG, PNG or BMP file. Transparency is put on white or black (`on_contrast`), or
/// dropped. The name is for `message`.
bool open_picture(const std::uint8_t* file, std::size_t size, const char* name, bool on_contrast);
/// Returns whether a file is a picture of a format that is not decoded here.
bool is_of_another_format(const std::uint8_t* file, std::size_t size);
int picture_width();
int picture_height();

/// Returns the picture in another size: red, green, blue and alpha of each pixel.
const std::uint8_t* draw_picture(int width, int height);
/// Returns the same in grey under the class activation map of a class; after draw_picture.
const std::uint8_t* draw_heat_map(int network, int class_id);

/// Returns how probable it is that the picture is rotated by 0, 90, 180 and 270 degrees: as
/// `pplcnet orient` computes it.
const double* orient(int network);

/// Returns what a network computes for the whole picture.
const float* logits(int network);
const float* probabilities(int network);
int class_count(int network);
/// Returns what the last layer of kPages sees of the whole picture.
const float* embedding();
int embedding_size();

/// Learns kOwnClasses from embeddings [count][embedding_size], as `pplcnet fit` does.
bool fit(const float* embeddings, const int* classes, int count, int classes_count);
/// Returns the share of the pictures that is right in cross-validation.
double fit_accuracy();
/// Returns kOwnClasses as a native file: for `pplcnet classify`, or any program with the library.
/// The labels end with zeros.
const std::uint8_t* save_classes(const char* labels);
std::size_t saved_size();

}  // extern "C"

#endif  // PPLCNET_EXAMPLES_BROWSER_PAGE_HPP
