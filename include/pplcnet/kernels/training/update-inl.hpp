// Stochastic gradient descent with momentum. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void update(const ParameterUpdate& update) {
  for (std::size_t begin = 0; begin < update.count; begin += kTrainingPanel)
    for_vectors(kTrainingPanel, [&](auto d, int lane) HWY_ATTR {
      const std::size_t i = begin + size(lane);
      const auto w = hn::LoadU(d, update.parameters + i);
      const auto decayed =
          hn::MulAdd(hn::LoadU(d, update.gradients + i), hn::Set(d, update.gradient_scale),
                     hn::Mul(w, hn::Set(d, update.l2)));
      const auto velocity =
          hn::MulAdd(hn::LoadU(d, update.velocities + i), hn::Set(d, update.momentum), decayed);
      hn::StoreU(velocity, d, update.velocities + i);
      hn::StoreU(hn::NegMulAdd(velocity, hn::Set(d, update.rate), w), d, update.parameters + i);
    });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
