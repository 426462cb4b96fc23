#include "cli/term.h"

#include <unistd.h>

#include <map>
#include <sstream>

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using Values = std::map<std::string, std::string>;

constexpr char kHide[] = "\x1b[?25l";
constexpr char kEnd[] = "\x1b[J\x1b[?25h";

std::string Take(std::ostringstream* out) {
  std::string text = out->str();
  out->str("");
  return text;
}

TEST(ScreenTest, DrawsOverTheLinesBefore) {
  std::ostringstream out;
  Screen screen(&out);
  screen.Draw({"a", "b"}, 80);
  EXPECT_EQ(Take(&out), std::string(kHide) + "\ra\x1b[K\nb\x1b[K\n" + kEnd);
  screen.Draw({"c"}, 80);
  EXPECT_EQ(Take(&out), std::string(kHide) + "\r\x1b[2Ac\x1b[K\n" + kEnd);
}

TEST(ScreenTest, ShowsTheCursorAfterEveryWrite) {
  std::ostringstream out;
  Screen screen(&out);
  screen.Draw({"a"}, 80);
  const std::string frame = Take(&out);
  EXPECT_LT(frame.rfind("\x1b[?25l"), frame.rfind("\x1b[?25h"));
  screen.Clear(80);
  EXPECT_EQ(Take(&out).find("\x1b[?25l"), std::string::npos);
}

TEST(ScreenTest, CountsTheRowsOfLinesThatWrappedAfterAResize) {
  std::ostringstream out;
  Screen screen(&out);
  screen.Draw({std::string(79, 'x'), "y"}, 80);
  Take(&out);
  screen.Clear(40);
  EXPECT_EQ(Take(&out), "\r\x1b[3A\x1b[J");
}

TEST(ScreenTest, ClearsNothingWhereNothingStands) {
  std::ostringstream out;
  Screen screen(&out);
  screen.Clear(80);
  screen.Draw({"a"}, 80);
  Take(&out);
  screen.Forget();
  screen.Clear(80);
  EXPECT_EQ(Take(&out), "");
}

TEST(DetectTerminalTest, DrawsOnATerminalThatCanAlone) {
  const Terminal none = DetectTerminal(-1, Environment(Values{{"TERM", "xterm"}}));
  EXPECT_FALSE(none.draws);
  EXPECT_FALSE(none.color);
  EXPECT_EQ(none.size().width, 80);
}

TEST(DetectTerminalTest, SeesThatAReaderHasGone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Terminal out = DetectTerminal(ends[1], Environment());
  EXPECT_FALSE(out.reader_gone());
  close(ends[0]);
  EXPECT_TRUE(out.reader_gone());
  close(ends[1]);
  EXPECT_FALSE(Terminal().reader_gone());
}

TEST(DetectTerminalTest, UsesAsciiOnlyWhenTheLocaleSaysSo) {
  EXPECT_TRUE(DetectTerminal(-1, Environment()).unicode);
  EXPECT_TRUE(DetectTerminal(-1, Environment(Values{{"LANG", "de_DE.UTF-8"}})).unicode);
  EXPECT_FALSE(DetectTerminal(-1, Environment(Values{{"LANG", "C"}})).unicode);
  EXPECT_TRUE(DetectTerminal(-1, Environment(Values{{"LC_ALL", "C.utf8"}, {"LANG", "C"}})).unicode);
}

}  // namespace
}  // namespace hfget::cli
