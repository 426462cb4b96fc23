#include "cli/format.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hfget::cli {

ByteUnit ByteUnitOf(double bytes) {
  if (bytes < 1024) return {};
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double one = 1024;
  size_t unit = 0;
  // 1023.5 would be rounded to "1024" of a unit that has only 1023.
  while (bytes / one >= 1023.5 && unit + 1 < std::size(kUnits)) {
    one *= 1024;
    ++unit;
  }
  return {one, kUnits[unit], bytes / one < 99.95 ? 1 : 0};
}

std::string FormatBytes(int64_t bytes) {
  const auto value = static_cast<double>(std::max<int64_t>(bytes, 0));
  const ByteUnit unit = ByteUnitOf(value);
  return absl::StrFormat("%.*f %s", unit.decimals, value / unit.bytes, unit.name);
}

std::string FormatRangeAs(double low, double high, double like, bool unicode) {
  const ByteUnit unit = ByteUnitOf(like);
  return absl::StrFormat("%.*f%s%.*f", unit.decimals, low / unit.bytes, unicode ? "–" : "-", unit.decimals, high / unit.bytes);
}

std::string FormatLatency(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  return seconds < 9.9995 ? absl::StrFormat("%.0f ms", 1000 * seconds) : absl::StrFormat("%.1f s", seconds);
}

std::string FormatRate(int64_t bytes_per_sec) {
  return absl::StrCat(FormatBytes(bytes_per_sec), "/s");
}

namespace {

std::string FormatDays(int64_t seconds) {
  return absl::StrCat(seconds / 86400, " d ", seconds % 86400 / 3600, " h");
}

}  // namespace

std::string FormatSpan(absl::Duration duration) {
  const double exact = std::max(0.0, absl::ToDoubleSeconds(duration));
  if (exact < 9.95) return absl::StrFormat("%.1f s", exact);
  if (duration == absl::InfiniteDuration()) return "for ever";
  const int64_t seconds = absl::ToInt64Seconds(duration + absl::Milliseconds(500));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrFormat("%d min %02d s", seconds / 60, seconds % 60);
  if (seconds < 86400) return absl::StrFormat("%d h %02d min", seconds / 3600, seconds % 3600 / 60);
  return FormatDays(seconds);
}

std::string FormatClock(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds < 3600) return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
  if (seconds < 100 * 3600) {
    return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds % 3600 / 60, seconds % 60);
  }
  return seconds < 100 * 86400 ? FormatDays(seconds) : "> 99 d";
}

std::string FormatPercent(int64_t part, int64_t whole) {
  if (whole <= 0 || part >= whole) return "100 %";
  const double percent = 100.0 * static_cast<double>(std::max<int64_t>(part, 0)) / whole;
  return absl::StrCat(std::min(99, static_cast<int>(percent)), " %");
}

std::string FormatFiles(int64_t count) {
  return absl::StrCat(count, count == 1 ? " file" : " files");
}

}  // namespace hfget::cli
