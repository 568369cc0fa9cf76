#include "networks.hpp"

template void pplcnet::forward<kNeeds>(const pplcnet::Run& run, pplcnet::Isa isa) noexcept;
