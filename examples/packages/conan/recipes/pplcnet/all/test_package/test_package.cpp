#include <cstdio>
#include <pplcnet/pplcnet.hpp>

int main() { std::puts(pplcnet::isa_name()); }
