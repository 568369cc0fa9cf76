// Whether a picture is RGB or BGR is said, never guessed.
// expect: not convert
// expect: ImageView
#include "pplcnet/image/view.hpp"

/// What OpenCV calls a picture.
struct Mat {
  unsigned char* data = nullptr;
  int cols = 0, rows = 0;
};

int width_of(pplcnet::ImageView view) { return view.width; }

int main() {
  const Mat mat;
#ifdef MUST_NOT_COMPILE
  return width_of({mat.data, mat.cols, mat.rows});
#else
  return width_of({mat.data, mat.cols, mat.rows, pplcnet::PixelFormat::bgr});
#endif
}
