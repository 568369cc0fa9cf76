// Writes pictures as plain pixels (PPM), one after the other, to standard output; with --contrast,
// what is transparent is put on a contrasting ground. Usage: decode [--contrast] PICTURE...
#include <cstdio>
#include <string_view>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#endif

#include "picture.hpp"

int main(int argc, char** argv) {
#if defined(_WIN32)
  _setmode(1, _O_BINARY);  // standard output
#endif
  Picture::Options options;
  int first = 1;
  if (argc > 2 && std::string_view(argv[1]) == "--contrast") {
    options.transparency = Picture::Transparency::on_contrast;
    ++first;
  }
  Picture picture;
  if (argc <= first) return 2;
  for (int i = first; i < argc; ++i) {
    if (auto error = Picture::read(argv[i], picture, options)) {
      std::fprintf(stderr, "%s\n", error.message());
      return 1;
    }
    const pplcnet::ImageView view = picture.view();
    std::printf("P6\n%d %d\n255\n", view.width, view.height);
    for (int y = 0; y < view.height; ++y)
      std::fwrite(view.row(y), pplcnet::kImageChannels, static_cast<std::size_t>(view.width),
                  stdout);
  }
}
