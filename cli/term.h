// The terminal behind standard error: what it can do, and how to draw lines over the ones before.
#ifndef HFGET_CLI_TERM_H_
#define HFGET_CLI_TERM_H_

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/environment.h"

namespace hfget::cli {

struct TerminalSize {
  int width = 80;
  int height = 24;
};

struct Terminal {
  bool draws = false;   // a terminal that can move its cursor
  bool color = false;   // and no NO_COLOR
  bool unicode = true;  // unless the locale is set to something that is not UTF-8
  // A pipe that nobody reads any more; a write would fail.
  std::function<bool()> reader_gone = [] { return false; };
  std::function<TerminalSize()> size = [] { return TerminalSize{}; };
};

// Default: no bars when `fd` is no terminal, or when TERM is unset or "dumb".
Terminal DetectTerminal(int fd, const Environment& env);

// Draws a block of lines over the block before. Each frame is one write that hides the cursor at
// its start and shows it at its end: nothing has to be restored, however this process ends.
class Screen {
 public:
  explicit Screen(std::ostream* out) : out_(*out) {}

  // `width` is the terminal's now: after a resize the lines before may have wrapped.
  void Draw(const std::vector<std::string>& lines, int width);
  // Takes the block away. The cursor stands where it began.
  void Clear(int width);
  // What was drawn is no longer right above the cursor, e.g. after Ctrl-Z and fg: draw below it.
  void Forget() { widths_.clear(); }

 private:
  std::string ToTop(int width) const;

  std::ostream& out_;
  std::vector<int> widths_;  // of the lines that stand there
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_TERM_H_
