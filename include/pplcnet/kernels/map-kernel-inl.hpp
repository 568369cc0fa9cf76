// What the kernels of operators that write a map, row by row, from whole maps have in common.
// Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// One image's way through the layers, in one thread.
struct Context {
  const Run& run;
  int image;
  int thread;

  const Picture& picture() const { return run.pictures[image]; }
  /// Returns the image's vector at an offset, that of a layer or one that it reads.
  float* vector(std::size_t offset, const Shape& shape) const {
    return run.vectors + offset +
           static_cast<std::size_t>(image) *
               static_cast<std::size_t>(round_up(shape.channels, kPanel));
  }
  /// Returns what a map's offset counts from.
  float* base(const Map& map) const {
    if (!map.local) return run.maps;
    return run.scratch + static_cast<std::size_t>(thread) * run.scratch_floats;
  }
  float* pixels(const Map& map, int y) const { return base(map) + map.pixels(y); }
  /// Returns the floats of scratch that a layer asks for (`planning::map_scratch`).
  float* scratch(const Layer& layer) const {
    return run.scratch + layer.scratch + static_cast<std::size_t>(thread) * run.scratch_floats;
  }
};

/// Computes rows [begin, end) of a layer's output.
using MapRows = void (*)(const Context& context, const Layer& layer, int begin, int end);

/// The kernel of an operator, of which this is specialised where it is; null: it is none of these.
template <Operator kOperator>
inline constexpr MapRows kMapKernel = nullptr;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
