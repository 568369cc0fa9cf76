#ifndef PPLCNET_EXAMPLES_OUTPUT_FILE_HPP
#define PPLCNET_EXAMPLES_OUTPUT_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"

// All files that commands write. An input is never overwritten, whatever name leads to it, and what
// fails leaves the file that was there.

/// Notes a file that the command reads, or will: no output takes its place.
void add_input(const std::string& path);

/// Notes it, and reads the whole of it.
pplcnet::Error read_input(const std::string& path, pplcnet::FileBytes& bytes,
                          std::uint64_t max_bytes = pplcnet::kMaxFileBytes);

/// Whether a program says on standard output what it has done.
enum class Report : unsigned char { none, printed };

/// Says so if a path leads to an input, or to where a report is printed.
pplcnet::Error check_output(const std::string& path, Report report = Report::none);

/// Says so, too, if a file could not be written there, before the work for it begins. Nothing of
/// the attempt stays.
pplcnet::Error claim_output(const std::string& path, Report report = Report::none);

/// A file on its way. Its temporary lies beside it and gets its name, modes and all, when it is
/// complete and on the disk; links are followed. Devices, pipes and what standard output goes to
/// are not replaced: the bytes go through them when they are all there.
class OutputFile : public pplcnet::NewFile {
 public:
  /// What becomes of a file of that name: outputs that are named replace it, those that get names
  /// in a folder do not.
  enum class Existing { replaced, kept };

  explicit OutputFile(const std::string& path, Existing existing = Existing::replaced)
      : NewFile(path), existing_(existing) {}
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() override;

  pplcnet::Error write(std::span<const std::span<const std::byte>> pieces) override;
  pplcnet::Error publish() override;

 private:
  pplcnet::Error resolve();
  pplcnet::Error create_temporary();
  pplcnet::Error problem(int number) const;
  int rename_temporary() const;
  int pass_through() const;
  void remove_temporary();

  Existing existing_;
  std::string target_;  // where links lead
  bool is_stream_ = false;
  int descriptor_ = -1;   // of the temporary, which is locked as long as it is ours
  std::size_t slot_ = 0;  // where a signal finds it
};

/// Writes a whole file.
pplcnet::Error write_output(const std::string& path, std::string_view bytes,
                            OutputFile::Existing existing = OutputFile::Existing::replaced);

/// Removes the temporaries of all files on their way; for a signal that ends the program.
void remove_temporaries();

#endif  // PPLCNET_EXAMPLES_OUTPUT_FILE_HPP
