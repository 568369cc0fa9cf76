// What reads graphs, writes ONNX and opens any weight file, for programs whose files are compiled
// with PPLCNET_COMPILED. Needs the headers of protozero and nlohmann/json, and exceptions.
#define PPLCNET_OPEN_IMPLEMENTATION
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "pplcnet/open/text_files.hpp"
#include "pplcnet/weights/onnx/save.hpp"
