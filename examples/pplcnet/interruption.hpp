#ifndef PPLCNET_EXAMPLES_INTERRUPTION_HPP
#define PPLCNET_EXAMPLES_INTERRUPTION_HPP

/// Ctrl-C is only noted, so that what has begun is ended or taken back; a second one ends the
/// program at once.
namespace interruption {

void note();        ///< from now on
bool happened();    ///< since then
int exit_status();  ///< of a program that ends because of it: 128 and the signal's number

}  // namespace interruption

#endif  // PPLCNET_EXAMPLES_INTERRUPTION_HPP
