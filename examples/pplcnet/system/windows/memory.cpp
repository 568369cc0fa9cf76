#include "system/memory.hpp"

void system_memory::keep() {}  // Windows' heap keeps some by itself
