#ifndef PPLCNET_EXAMPLES_INTERRUPTION_HPP
#define PPLCNET_EXAMPLES_INTERRUPTION_HPP

#include <exception>

/// A signal that asks the program to end (Ctrl-C, and what `kill` and a terminal that closes send)
/// is only noted at first, so that what has begun is ended or taken back. What has not ended 0.15
/// seconds later, or at a second signal, is ended whatever it does, and leaves no temporary file.
namespace interruption {

void note();        ///< from now on; called once, before threads begin
bool happened();    ///< since then
int exit_status();  ///< of a program that ends because of it: 128 and the signal's number

/// Ends a search that nothing has been done for yet: a part of what it finds is of no use.
struct Happened : std::exception {};

/// Not on Windows, which has no server: keeps such signals from this thread and those that it
/// begins, for a server to `wait` for one.
void hold();
/// Waits for a signal that is held, which then has not `happened`. The next one is as above.
void wait();

}  // namespace interruption

#endif  // PPLCNET_EXAMPLES_INTERRUPTION_HPP
