#include "cli/term.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr char kHideCursor[] = "\x1b[?25l";
constexpr char kShowCursor[] = "\x1b[?25h";
constexpr char kClearToLineEnd[] = "\x1b[K";
constexpr char kClearBelow[] = "\x1b[J";

TerminalSize SizeOf(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

bool ReaderGone(int fd) {
  pollfd pipe = {fd, 0, 0};
  return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

// A container often has no locale at all while the terminal outside shows UTF-8 well: only a locale
// that says otherwise takes it away.
bool IsUtf8(const Environment& env) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = absl::AsciiStrToLower(env.Get(name));
    if (!locale.empty()) return absl::StrContains(locale, "utf");
  }
  return true;
}

}  // namespace

Terminal DetectTerminal(int fd, const Environment& env) {
  const std::string term = env.Get("TERM");
  Terminal terminal;
  terminal.draws = isatty(fd) == 1 && !term.empty() && term != "dumb";
  terminal.color = terminal.draws && env.Get("NO_COLOR").empty();
  terminal.unicode = IsUtf8(env);
  terminal.reader_gone = [fd] { return ReaderGone(fd); };
  terminal.size = [fd] { return SizeOf(fd); };
  return terminal;
}

std::string Screen::ToTop(int width) const {
  int rows = 0;
  for (const int columns : widths_) rows += std::max(1, (columns + width - 1) / std::max(1, width));
  return rows == 0 ? "\r" : absl::StrCat("\r\x1b[", rows, "A");
}

void Screen::Draw(const std::vector<std::string>& lines, int width) {
  std::string frame = absl::StrCat(kHideCursor, ToTop(width));
  widths_.clear();
  for (const std::string& line : lines) {
    absl::StrAppend(&frame, line, kClearToLineEnd, "\n");
    widths_.push_back(DisplayWidth(line));
  }
  absl::StrAppend(&frame, kClearBelow, kShowCursor);
  out_ << frame << std::flush;
}

void Screen::Clear(int width) {
  if (widths_.empty()) return;
  out_ << absl::StrCat(ToTop(width), kClearBelow) << std::flush;
  widths_.clear();
}

}  // namespace hfget::cli
