// The colours of the command line.
#ifndef HFGET_CLI_PAINT_H_
#define HFGET_CLI_PAINT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hfget::cli {

constexpr char kCyan[] = "\x1b[36m";
constexpr char kGreen[] = "\x1b[32m";
constexpr char kYellow[] = "\x1b[33m";
constexpr char kDim[] = "\x1b[2m";
constexpr char kPlain[] = "\x1b[0m";

// `text` in `color`, or as it is when one of them is empty or `on` is false.
inline std::string Paint(bool on, absl::string_view color, absl::string_view text) {
  return on && !text.empty() && !color.empty() ? absl::StrCat(color, text, kPlain) : std::string(text);
}

}  // namespace hfget::cli

#endif  // HFGET_CLI_PAINT_H_
