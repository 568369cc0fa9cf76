#ifndef PPLCNET_VERSION_HPP
#define PPLCNET_VERSION_HPP

/// The version of the library, https://semver.org; CMake reads it here.
#define PPLCNET_VERSION_MAJOR 0
#define PPLCNET_VERSION_MINOR 2
#define PPLCNET_VERSION_PATCH 0

#define PPLCNET_QUOTE_VERSION(major, minor, patch) #major "." #minor "." #patch
#define PPLCNET_QUOTE_EXPANDED_VERSION(major, minor, patch) \
  PPLCNET_QUOTE_VERSION(major, minor, patch)
/// "0.2.0"
#define PPLCNET_VERSION_STRING                                                 \
  PPLCNET_QUOTE_EXPANDED_VERSION(PPLCNET_VERSION_MAJOR, PPLCNET_VERSION_MINOR, \
                                 PPLCNET_VERSION_PATCH)

#endif  // PPLCNET_VERSION_HPP
