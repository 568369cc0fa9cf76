// Writes a picture as plain pixels (PPM) to standard output. Usage: decode PICTURE
#include <cstdio>

#include "../../examples/pplcnet/picture.hpp"

int main(int argc, char** argv) {
  Picture picture;
  if (argc != 2 || Picture::read(argv[1], picture)) return 1;
  const pplcnet::ImageView view = picture.view();
  std::printf("P6\n%d %d\n255\n", view.width, view.height);
  for (int y = 0; y < view.height; ++y)
    std::fwrite(view.row(y), pplcnet::kImageChannels, static_cast<std::size_t>(view.width), stdout);
}
