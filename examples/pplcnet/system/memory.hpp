#ifndef PPLCNET_EXAMPLES_SYSTEM_MEMORY_HPP
#define PPLCNET_EXAMPLES_SYSTEM_MEMORY_HPP

/// What the standard library does not know of memory, and posix/ and windows/ do.
namespace system_memory {

/// Has the next picture use the memory of the last one, where the C library would give it back to
/// the system, which clears each page before it gives it again. Memory of the largest pictures is
/// given back.
void keep();

}  // namespace system_memory

#endif  // PPLCNET_EXAMPLES_SYSTEM_MEMORY_HPP
