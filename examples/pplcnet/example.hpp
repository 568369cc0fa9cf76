#ifndef PPLCNET_EXAMPLES_EXAMPLE_HPP
#define PPLCNET_EXAMPLES_EXAMPLE_HPP

#include <string>

/// A picture whose class is known.
struct Example {
  std::string path;
  int class_id = 0;
};

#endif  // PPLCNET_EXAMPLES_EXAMPLE_HPP
