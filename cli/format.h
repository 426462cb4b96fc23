// Numbers for people. Pure; the widest answers are named so that columns can be laid out for them.
#ifndef HFGET_CLI_FORMAT_H_
#define HFGET_CLI_FORMAT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace hfget::cli {

constexpr int kBytesWidth = 8;    // "1023 MiB"
constexpr int kRateWidth = 10;    // "1023 MiB/s"
constexpr int kClockWidth = 9;    // "99 d 23 h"
constexpr int kPercentWidth = 5;  // "100 %"

// The unit in which FormatBytes writes so many bytes, and with how many decimals.
struct ByteUnit {
  double bytes = 1;
  const char* name = "B";
  int decimals = 0;
};
ByteUnit ByteUnitOf(double bytes);
// "512 B", "3.3 MiB", "102 MiB".
std::string FormatBytes(int64_t bytes);
// "1.6 MiB/s".
std::string FormatRate(int64_t bytes_per_sec);
// "48.0-55.3" (or with an en dash), both in the unit that FormatBytes takes for `like`, which stands beside it.
std::string FormatRangeAs(double low, double high, double like, bool unicode);
// "78 ms", "12.5 s".
std::string FormatLatency(absl::Duration duration);
// For reading: "0.3 s", "38 s", "2 min 03 s", "1 h 02 min", "3 d 4 h".
std::string FormatSpan(absl::Duration duration);
// For a column: "0:38", "1:02:03", "3 d 4 h".
std::string FormatClock(absl::Duration duration);
// "45 %". 100 only when `part` has reached `whole`; a whole of 0 is complete.
std::string FormatPercent(int64_t part, int64_t whole);
// "1 file", "12 files".
std::string FormatFiles(int64_t count);

}  // namespace hfget::cli

#endif  // HFGET_CLI_FORMAT_H_
