#include "cli/bar.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/paint.h"
#include "cli/text.h"

namespace hfget::cli {

absl::string_view Ellipsis(const RenderStyle& style) { return style.unicode ? "…" : "~"; }

std::string Bar(const RenderStyle& style, int columns, int64_t done, int64_t total) {
  const double part =
      total <= 0 ? 1.0
                 : std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const int filled = static_cast<int>(part * columns);
  return absl::StrCat(
      Paint(style.color, filled == columns ? kGreen : kCyan, Repeat(style.unicode ? "━" : "#", filled)),
      Paint(style.color, kDim, Repeat(style.unicode ? "─" : "-", columns - filled)));
}

}  // namespace hfget::cli
