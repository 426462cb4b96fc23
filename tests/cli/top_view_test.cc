#include "cli/top_view.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/text.h"
#include "gmock/gmock.h"
#include "tests/cli/top_samples.h"

namespace hfget::cli {
namespace {

using testing::ABusyDaemon;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

const absl::Time kLater = absl::FromUnixSeconds(1125);

std::string Render(const TopSnapshot& top, const RenderStyle& style) {
  return absl::StrCat("\n", absl::StrJoin(RenderTop(top, style, kLater), "\n"), "\n");
}

TEST(TopViewTest, Usual) {
  EXPECT_EQ(Render(ABusyDaemon(), {.width = 80, .height = 24}), R"(
hfgetd 0.1.0 · up 2:05 · 102 MiB/s · 10/64 connections · 1 queued · waste 1.0 %

SOURCE       STATE                                RATE  CONN  1ST BYTE  SUCCESS
official     ok           ━━━━━━━━━━──────  40.0 MiB/s     4     40 ms     98 %
tuna         ok           ━━━━━━━━━━━━━━━━  62.0 MiB/s     6     40 ms     98 %
pai          ejected      ────────────────           -     0     40 ms     98 %
modelscope   off          ────────────────           -     0     40 ms     98 %

   ID        PULL                      STATE        DONE        RATE        ETA
▸  p1        org/model@abcdef12        fetching     42 %   102 MiB/s       0:40
   p2        org/model@abcdef12        queued          -           -    place 1

PIECES of org/model@abcdef12
A official  B tuna  a on its way  · missing
model-00001-of-00002.safetensors  25 % of 4.0 GiB, 52.0 MiB/s
ABABABABABABABABABABababababab······························
)");
}

TEST(TopViewTest, Narrow) {
  EXPECT_EQ(Render(ABusyDaemon(), {.width = 40, .height = 24, .unicode = false}), R"(
hfgetd 0.1.0 | up 2:05 | 102 MiB/s | 1~

SOURCE    STATE              RATE  CONN
official  ok           40.0 MiB/s     4
tuna      ok           62.0 MiB/s     6
pai       ejected               -     0
modelsc~  off                   -     0

   PULL                DONE        RATE
>  org/model@abcdef~   42 %   102 MiB/s
   org/model@abcdef~      -           -

PIECES of org/model@abcdef12
A official  B tuna  a on its way
~fetensors  25 % of 4.0 GiB, 52.0 MiB/s
ABABABABABABABABABABababababab.........
.....................
)");
}

TEST(TopViewTest, Flat) {
  EXPECT_EQ(Render(ABusyDaemon(), {.width = 80, .height = 10}), R"(
hfgetd 0.1.0 · up 2:05 · 102 MiB/s · 10/64 connections · 1 queued · waste 1.0 %
SOURCE       STATE                                RATE  CONN  1ST BYTE  SUCCESS
official     ok           ━━━━━━━━━━──────  40.0 MiB/s     4     40 ms     98 %
   ID        PULL                      STATE        DONE        RATE        ETA
▸  p1        org/model@abcdef12        fetching     42 %   102 MiB/s       0:40
PIECES of org/model@abcdef12
A official  B tuna  a on its way  · missing
model-00001-of-00002.safetensors  25 % of 4.0 GiB, 52.0 MiB/s
ABABABABABABABABABABababababab······························
)");
}

TEST(TopViewTest, AWideTerminalShowsAllColumns) {
  EXPECT_THAT(Render(ABusyDaemon(), {.width = 200, .height = 24}),
              AllOf(HasSubstr("SUCCESS"), HasSubstr("1ST BYTE"), HasSubstr("PRIO"), HasSubstr("org/model@abcdef12")));
}

TEST(TopViewTest, KeepsWithinTheTerminal) {
  TopSnapshot top = ABusyDaemon();
  for (int i = 0; i < 30; ++i) {
    *top.pulls.add_pulls() = top.pulls.pulls(1);
    *top.sources.add_sources() = top.sources.sources(1);
  }
  for (int width = 1; width <= 200; width += 3) {
    for (int height = 1; height <= 60; height += 1) {
      const auto lines = RenderTop(top, {width, height, height % 2 == 0, width % 2 == 0}, kLater);
      EXPECT_THAT(lines, SizeIs(Le(static_cast<size_t>(std::max(1, height - 1))))) << width << "x" << height;
      for (const std::string& line : lines) ASSERT_LE(DisplayWidth(line), std::max(1, width - 1)) << width << "x" << height << ": " << line;
    }
  }
}

TEST(TopViewTest, WhatHasNoRoomIsCounted) {
  TopSnapshot top = ABusyDaemon();
  for (int i = 0; i < 30; ++i) *top.pulls.add_pulls() = top.pulls.pulls(1);
  EXPECT_THAT(Render(top, {.width = 80, .height = 24}), HasSubstr("more\n"));
}

TEST(TopViewTest, TheSelectedPullIsAmongThoseThatAreShown) {
  TopSnapshot top = ABusyDaemon();
  for (int i = 0; i < 30; ++i) {
    *top.pulls.add_pulls() = top.pulls.pulls(1);
    top.pulls.mutable_pulls(top.pulls.pulls_size() - 1)->set_id(absl::StrCat("x", i));
  }
  top.selected = "x29";
  EXPECT_THAT(Render(top, {.width = 80, .height = 24}), HasSubstr("▸  x29"));
}

TEST(TopViewTest, WithoutALimitEverythingIsThere) {
  TopSnapshot top = ABusyDaemon();
  for (int i = 0; i < 30; ++i) *top.pulls.add_pulls() = top.pulls.pulls(1);
  EXPECT_THAT(RenderTop(top, {.width = 80, .height = 0}, kLater), SizeIs(Gt(40u)));
}

TEST(TopViewTest, AGuestIsToldNoWaste) {
  TopSnapshot top = ABusyDaemon();
  top.stats.reset();
  EXPECT_THAT(Render(top, {.width = 120}), AllOf(HasSubstr("10 connections"), Not(HasSubstr("waste"))));
}

TEST(TopViewTest, ADaemonThatDoesNothingSaysSo) {
  TopSnapshot top;
  top.daemon.set_version("0.1.0");
  EXPECT_THAT(Render(top, {}), AllOf(HasSubstr("hfgetd 0.1.0 · 0 B/s"), HasSubstr("nothing runs"), Not(HasSubstr("PIECES"))));
}

TEST(TopViewTest, APullThatHasEndedHasNoPieces) {
  TopSnapshot top = ABusyDaemon();
  top.selected = "p9";
  top.map.reset();
  EXPECT_THAT(Render(top, {}), AllOf(HasSubstr("PIECES of pull p9"), HasSubstr("no file is under way")));
}

TEST(TopViewTest, AsksForTheCellsThatItDraws) {
  TopSnapshot top = ABusyDaemon();
  EXPECT_EQ(TopCells(top, {.width = 80, .height = 10}), 79);
  EXPECT_EQ(TopCells(top, {.width = 200, .height = 60}), 199 * 4);
}

}  // namespace
}  // namespace hfget::cli
