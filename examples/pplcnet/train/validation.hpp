#ifndef PPLCNET_EXAMPLES_TRAIN_VALIDATION_HPP
#define PPLCNET_EXAMPLES_TRAIN_VALIDATION_HPP

#include <functional>
#include <vector>

#include "example.hpp"
#include "picture.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/train/early_stopping.hpp"

/// Measures a network as it is used: the share of pictures whose class it gives, and the mean loss.
/// Pictures that cannot be read are reported and taken out of `examples`.
pplcnet::Score validate(const pplcnet::AnyNetwork& network,
                        const pplcnet::Preprocessing& preprocessing, int threads,
                        std::vector<Example>& examples);

/// Returns some pictures as the network sees them, normalised, one after another: at most so many,
/// at even distances.
std::vector<float> some_pictures(const pplcnet::Preprocessing& preprocessing, int threads,
                                 const std::vector<Example>& examples, std::size_t most);

#endif  // PPLCNET_EXAMPLES_TRAIN_VALIDATION_HPP
