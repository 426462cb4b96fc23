// Bars on a terminal. Pure: a snapshot, the terminal's size and the time → lines.
#ifndef HFGET_CLI_RENDER_H_
#define HFGET_CLI_RENDER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

struct RenderStyle {
  int width = 80;   // columns; one is left free, where some terminals wrap
  int height = 24;  // rows; two lines and the cursor's row are kept free of files
  bool color = false;
  bool unicode = true;  // else ASCII alone
};

// One line a running file (the largest ones, when there is no room for all), one for the total, one
// for the sources. No line is wider than width - 1, at any width.
std::vector<std::string> RenderPull(const v1::Pull& pull, const RenderStyle& style, absl::Time now);

}  // namespace hfget::cli

#endif  // HFGET_CLI_RENDER_H_
