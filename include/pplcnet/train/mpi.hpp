#ifndef PPLCNET_TRAIN_MPI_HPP
#define PPLCNET_TRAIN_MPI_HPP

// The only header that needs MPI (OpenMPI, MPICH or another one), and that no other one includes.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1  // its C functions are all that is used
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "pplcnet/train/exchange.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// An exchange between the processes of an MPI communicator, of which there are 1, 2, 4, 8 or 16.
/// It is made after MPI_Init_thread (MPI_THREAD_FUNNELED suffices: the thread that calls `forward`
/// and `backward` calls MPI), and destroyed before MPI_Finalize, in all of them.
class MpiExchange final : public TrainingExchange {
 public:
  /// Makes one. All processes of the communicator call it.
  static Error make(MPI_Comm communicator, std::optional<MpiExchange>& result) {
    result.reset();
    MPI_Comm own = MPI_COMM_NULL;  // messages of its own, and errors that return
    if (auto error = error_of(MPI_Comm_dup(communicator, &own))) return error;
    int rank = 0, ranks = 0;
    MPI_Comm_set_errhandler(own, MPI_ERRORS_RETURN);
    MPI_Comm_rank(own, &rank);
    MPI_Comm_size(own, &ranks);
    result.emplace(MpiExchange(own, rank, ranks));
    auto error = check_ranks(ranks);
    if (error) result.reset();
    return error;
  }

  MpiExchange(MpiExchange&& other) noexcept
      : TrainingExchange(std::move(other)),
        communicator_(std::exchange(other.communicator_, MPI_COMM_NULL)) {}
  MpiExchange& operator=(MpiExchange&&) = delete;
  ~MpiExchange() override {
    if (communicator_ != MPI_COMM_NULL) MPI_Comm_free(&communicator_);
  }

 private:
  MpiExchange(MPI_Comm communicator, int rank, int ranks)
      : TrainingExchange(rank, ranks), communicator_(communicator) {}

  static Error error_of(int code) {
    if (code == MPI_SUCCESS) return {};
    std::array<char, MPI_MAX_ERROR_STRING> text = {};
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    return Error::of("MPI: ", std::string_view(text.data(), static_cast<std::size_t>(length)));
  }

  Error fill(float* numbers, const Places& counts, const Places& begins) override {
    std::array<int, kMostRanks> own_counts = {}, own_begins = {};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] + begins[i] > std::size_t{std::numeric_limits<int>::max()})
        return Error::of("MPI: expected at most ", std::numeric_limits<int>::max(),
                         " numbers of all processes, found ", counts[i] + begins[i]);
      own_counts[i] = static_cast<int>(counts[i]);
      own_begins[i] = static_cast<int>(begins[i]);
    }
    return error_of(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, numbers, own_counts.data(),
                                   own_begins.data(), MPI_FLOAT, communicator_));
  }

  MPI_Comm communicator_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_MPI_HPP
