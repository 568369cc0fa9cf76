#include "metrics.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "json.hpp"
#include "pplcnet/version.hpp"

namespace {

/// Returns the head of a metric.
std::string head(const std::string& name, const std::string& type, const std::string& help) {
  return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

/// Returns the value of a label, in which three characters are escaped.
std::string label_value(std::string_view text) {
  std::string value = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') value += '\\';
    value += c == '\n' ? 'n' : c;
  }
  return value + '"';
}

std::string metric(const std::string& name, const std::string& type, const std::string& help,
                   std::uint64_t value) {
  return head(name, type, help) + name + " " + std::to_string(value) + "\n";
}

/// Returns the bytes of memory that are resident; 0 if the system does not tell.
std::uint64_t resident_bytes() {
  unsigned long long pages = 0, resident = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%llu %llu", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void Metrics::count_answer(int status) {
  if (status >= 0 && static_cast<std::size_t>(status) < answers_.size())
    ++answers_[static_cast<std::size_t>(status)];
}

void Metrics::count_prediction(double seconds) {
  const auto* const bound = std::ranges::lower_bound(kBounds, seconds);
  ++durations_[static_cast<std::size_t>(bound - kBounds.begin())];
  seconds_.fetch_add(seconds);
}

std::string Metrics::text(std::string_view model, const Gauges& gauges) const {
  std::string text = head("pplcnet_info", "gauge", "Version and model.");
  text +=
      "pplcnet_info{version=\"" PPLCNET_VERSION_STRING "\",model=" + label_value(model) + "} 1\n";
  const std::string answers = "pplcnet_answers_total";
  text += head(answers, "counter", "Answers, by the status of HTTP.");
  for (std::size_t status = 0; status < answers_.size(); ++status)
    if (const std::uint64_t count = answers_[status])
      text +=
          answers + "{status=\"" + std::to_string(status) + "\"} " + std::to_string(count) + "\n";
  const std::string duration = "pplcnet_prediction_duration_seconds";
  text += head(duration, "histogram", "From the first byte of a request to its predictions.");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < durations_.size(); ++i) {
    const std::string bound = i < kBounds.size() ? Json(kBounds[i]).text() : "+Inf";
    count += durations_[i];
    text += duration + "_bucket{le=\"" + bound + "\"} " + std::to_string(count) + "\n";
  }
  text += duration + "_sum " + Json(seconds_.load()).text() + "\n";
  text += duration + "_count " + std::to_string(count) + "\n";
  text += metric("pplcnet_pictures_total", "counter", "Pictures that were classified.", pictures_);
  text += metric("pplcnet_connections_turned_away_total", "counter",
                 "Connections beyond the limit.", turned_away_);
  text +=
      metric("pplcnet_queue_length", "gauge", "Requests that wait for a worker.", gauges.waiting);
  text += metric("pplcnet_workers", "gauge", "Workers.", gauges.workers);
  text += metric("pplcnet_workers_busy", "gauge", "Workers at work.", gauges.busy);
  text += metric("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
                 resident_bytes());
  return text;
}
