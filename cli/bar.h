// A bar of a part of a whole, and what goes with it on a line. Pure.
#ifndef HFGET_CLI_BAR_H_
#define HFGET_CLI_BAR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "cli/render.h"

namespace hfget::cli {

// The mark of a cut.
absl::string_view Ellipsis(const RenderStyle& style);

// `columns` wide; green when it is full. A whole of 0 is full.
std::string Bar(const RenderStyle& style, int columns, int64_t done, int64_t total);

}  // namespace hfget::cli

#endif  // HFGET_CLI_BAR_H_
