#include "output_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "interruption.hpp"
#include "pplcnet/weights/path.hpp"
#include "system/files.hpp"
#include "system/streams.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

using system_files::Facts;

std::mutex inputs_mutex;
std::set<system_files::Id> inputs;

bool is_input(const Facts& facts) {
  const std::scoped_lock lock(inputs_mutex);
  return inputs.contains(facts.id);
}

/// The names of temporaries, where a signal handler may read them: memory that is never freed.
struct Slot {
  static constexpr std::size_t kLongest = 4096;  // of a path on Linux
  std::atomic<bool> is_taken = false, is_ready = false;
  std::array<char, kLongest> path = {};
};
std::array<Slot, 1024> slots;  // far more than threads that write
std::atomic<std::size_t> next_slot = 0;

std::size_t take_slot(const std::string& path) {
  if (path.size() >= Slot::kLongest) return slots.size();
  for (std::size_t attempt = 0; attempt < slots.size(); ++attempt) {
    const std::size_t place = next_slot++ % slots.size();
    Slot& slot = slots[place];
    if (slot.is_taken.exchange(true)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.is_ready = true;
    return place;
  }
  return slots.size();
}

void give_back_slot(std::size_t place) {
  if (place == slots.size()) return;
  slots[place].is_ready = false;
  slots[place].is_taken = false;
}

/// Writes all of it; false with errno.
bool write_all(int descriptor, std::span<const std::byte> bytes) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  while (!bytes.empty()) {
    const std::ptrdiff_t count =
        system_files::write(descriptor, bytes.first(std::min(bytes.size(), kMost)));
    if (count < 0 && errno == EINTR && !interruption::happened()) continue;
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

/// Returns the standard stream of this program that goes to it, if any.
int standard_stream_of(const Facts& facts) {
  for (const int stream : {system_streams::kOutput, system_streams::kErrors}) {
    Facts other;
    if (system_files::find(stream, other) == 0 && other.id == facts.id) return stream;
  }
  return -1;
}

}  // namespace

void add_input(const std::string& path) {
  Facts facts;
  if (path.empty() || system_files::find(path, facts) != 0 ||
      facts.kind != system_files::Kind::file)
    return;
  const std::scoped_lock lock(inputs_mutex);
  inputs.insert(facts.id);
}

Error read_input(const std::string& path, pplcnet::FileBytes& bytes, std::uint64_t max_bytes) {
  add_input(path);
  return pplcnet::read_file(path, bytes, max_bytes);
}

Error check_output(const std::string& path, Report report) {
  Facts facts;
  if (system_files::find(path, facts) != 0) return {};
  if (is_input(facts))
    return Error::of(path, ": is both read and to be written; name another output");
  if (report == Report::printed && standard_stream_of(facts) == system_streams::kOutput)
    return Error::of(path, ": is standard output, where the report goes; name another output");
  return {};
}

Error claim_output(const std::string& path, Report report) {
  if (auto error = check_output(path, report)) return error;
  return OutputFile(path).write({});  // which gets no name
}

OutputFile::~OutputFile() { remove_temporary(); }

Error OutputFile::problem(int number) const {
  return Error::of(
      path(), ": cannot be written: ", std::error_code(number, std::generic_category()).message());
}

/// Finds out where the bytes go.
Error OutputFile::resolve() {
  if (auto error = check_output(path())) return error;
  target_ = path();
  if (existing_ == Existing::kept) {
    if (system_files::is_taken(target_)) return Error::of(target_, " is there already");
    return {};
  }
  Facts facts;
  const int missing = system_files::find(target_, facts);
  if (missing != 0 && missing != ENOENT) return problem(missing);
  const bool exists = missing == 0;
  if (exists && facts.kind == system_files::Kind::folder) return problem(EISDIR);
  is_stream_ =
      exists && (facts.kind == system_files::Kind::stream || standard_stream_of(facts) >= 0);
  if (is_stream_) return {};
  if (const int denied = exists ? system_files::check_writable(target_) : 0) return problem(denied);
  // Links are followed even where they lead to no file yet.
  constexpr int kMostLinks = 40;
  std::error_code none;
  for (int i = 0; i < kMostLinks; ++i) {
    const fs::path path = pplcnet::path_of(target_);
    const fs::path link = fs::read_symlink(path, none);
    if (none) return {};
    target_ = pplcnet::name_of(path.parent_path() / link);
  }
  return problem(ELOOP);
}

/// Of a stream beside other temporary files, of a file beside it, so that it can get its name.
Error OutputFile::create_temporary() {
  constexpr int kAttempts = 1000;
  constexpr std::size_t kLongest = 200;  // bytes of a name; systems have room for 255
  std::error_code none;
  const fs::path target = pplcnet::path_of(target_);
  fs::path folder = target.parent_path();
  if (is_stream_) folder = fs::temp_directory_path(none);
  if (none) folder = "/tmp";
  const std::string stem = pplcnet::name_of(target.filename()).substr(0, kLongest) + ".pplcnet-tmp";
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = pplcnet::name_of(folder / pplcnet::path_of(stem + std::to_string(attempt)));
    descriptor_ = system_files::open_temporary(name, is_input);
    if (descriptor_ < 0 && errno == EEXIST) continue;
    if (descriptor_ < 0)
      return Error::of(path(), ": cannot create ", name, ": ", pplcnet::files::last_problem());
    slot_ = take_slot(name);
    set_temporary(std::move(name));  // cannot fail: the file is known from now on
    return {};
  }
  return problem(EEXIST);
}

Error OutputFile::write(std::span<const std::span<const std::byte>> pieces) {
  remove_temporary();
  if (auto error = resolve()) return error;
  if (auto error = create_temporary()) return error;
  for (const std::span<const std::byte> piece : pieces)
    if (!write_all(descriptor_, piece)) return problem(errno);
  if (is_stream_) return {};
  if (existing_ == Existing::replaced) system_files::copy_modes(target_, descriptor_);
  const int number = system_files::sync(descriptor_);
  return number == 0 ? Error() : problem(number);
}

/// Gives the temporary its name: 0, or errno.
int OutputFile::rename_temporary() const {
  return existing_ == Existing::replaced ? system_files::rename(temporary(), target_)
                                         : system_files::rename_new(temporary(), target_);
}

/// Hands the temporary's bytes on: 0, or errno.
int OutputFile::pass_through() const {
  Facts facts;
  if (const int missing = system_files::find(target_, facts)) return missing;
  const int stream = standard_stream_of(facts);
  if (stream == system_streams::kOutput && std::fflush(stdout) != 0) return errno;
  const int out =
      stream >= 0 ? system_files::duplicate(stream) : system_files::open_stream(target_);
  if (out < 0) return errno;
  std::array<std::byte, 1 << 16> buffer;
  int number = system_files::rewind(descriptor_);
  while (number == 0) {
    const std::ptrdiff_t count = system_files::read(descriptor_, buffer);
    if (count < 0) number = errno;
    if (count <= 0) break;
    const auto size = static_cast<std::size_t>(count);
    if (!write_all(out, std::span(buffer).first(size))) number = errno;
  }
  const int unwritten = system_files::close(out);
  return number != 0 ? number : unwritten;
}

Error OutputFile::publish() {
  // What was no input when the bytes were written may have become one.
  if (auto error = check_output(path())) return error;
  if (const int number = is_stream_ ? pass_through() : rename_temporary(); number == EEXIST)
    return Error::of(target_, " is there already");
  else if (number != 0)
    return problem(number);
  if (is_stream_) {
    remove_temporary();
    return {};
  }
  give_back_slot(slot_);
  set_temporary("");
  system_files::close(std::exchange(descriptor_, -1));
  const int number = system_files::sync_folder(pplcnet::folder_of(target_));
  return number == 0 ? Error() : problem(number);
}

void OutputFile::remove_temporary() {
  if (descriptor_ < 0) return;
  system_files::remove(temporary().c_str());
  give_back_slot(slot_);
  set_temporary("");
  system_files::close(std::exchange(descriptor_, -1));
}

Error write_output(const std::string& path, std::string_view bytes, OutputFile::Existing existing) {
  OutputFile file(path, existing);
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(bytes))};
  if (auto error = file.write(pieces)) return error;
  return file.publish();
}

void remove_temporaries() {
  for (const Slot& slot : slots)
    if (slot.is_ready) system_files::remove(slot.path.data());
}
