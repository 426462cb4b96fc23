#include "cli/grid.h"

#include "cli/text.h"
#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

std::vector<Grid::Column> Columns() {
  return {{"NAME", Grid::kRest}, {"RATE", 6, Align::kRight, 1}, {"STATE", 5, Align::kLeft, 2}};
}

std::string Lines(int width, const RenderStyle& style = {}) {
  RenderStyle s = style;
  s.width = width;
  const Grid grid(Columns(), s);
  return grid.Head() + "\n" + grid.Row({{"a-long-name"}, {"5 MB"}, {"ok"}}) + "\n";
}

TEST(GridTest, OneColumnTakesWhatTheOthersLeave) {
  EXPECT_EQ(Lines(31),
            "NAME               RATE  STATE\n"
            "a-long-name        5 MB  ok\n");
}

TEST(GridTest, DropsTheLeastTellingColumnsFirst) {
  EXPECT_EQ(Lines(20),
            "NAME           RATE\n"
            "a-long-name    5 MB\n");
  EXPECT_EQ(Lines(12), "NAME\na-long-name\n");
}

TEST(GridTest, CutsWhatIsTooWide) {
  EXPECT_EQ(Lines(10), "NAME\na-long-n…\n");
  EXPECT_EQ(Lines(10, {.unicode = false}), "NAME\na-long-n~\n");
}

TEST(GridTest, IsNeverWiderThanTheTerminal) {
  for (int width = 2; width < 60; ++width) {
    const Grid grid(Columns(), {.width = width, .color = true});
    EXPECT_LE(DisplayWidth(grid.Row({{"öäü-long-name", "\x1b[32m"}, {"5 MB"}, {"ok"}})), width - 1) << width;
  }
}

TEST(GridTest, ColoursTextsAndNoSpaces) {
  const Grid grid(Columns(), {.width = 31, .color = true});
  EXPECT_EQ(grid.Row({{"n"}, {"5"}, {"ok", "\x1b[32m"}}), "n                     5  \x1b[32mok\x1b[0m");
}

TEST(GridTest, NothingInATextIsACommand) {
  const Grid grid(Columns(), {.width = 31});
  EXPECT_EQ(grid.Row({{"a\x1b[2Jb"}, {""}, {""}}), "a?[2Jb");
}

}  // namespace
}  // namespace hfget::cli
