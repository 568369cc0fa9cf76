#ifndef PPLCNET_EXAMPLES_NPY_HPP
#define PPLCNET_EXAMPLES_NPY_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "output_file.hpp"
#include "pplcnet/weights/error.hpp"

/// An array of numpy's, as floats.
struct NumpyArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< row-major
};

/// Reads the bytes of a .npy file: float32, float64, float16 or uint8.
pplcnet::Error parse_npy(std::span<const std::byte> bytes, std::string_view path,
                         NumpyArray& array);

/// Writes a .npy file of float32.
pplcnet::Error write_npy(const std::string& path, std::span<const std::int64_t> shape,
                         std::span<const float> values,
                         OutputFile::Existing existing = OutputFile::Existing::replaced);

/// Reads a .npy file, those of a folder, or all arrays of a .npz (as numpy.savez writes it: not
/// compressed), by name; the name of a .npy is that of its file without the ending.
pplcnet::Error read_arrays(const std::string& path, std::map<std::string, NumpyArray>& arrays);

#endif  // PPLCNET_EXAMPLES_NPY_HPP
