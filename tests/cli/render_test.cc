#include "cli/render.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/text.h"
#include "gmock/gmock.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli {
namespace {

using testing::FetchingPull;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1010);

std::string Render(const v1::Pull& pull, const RenderStyle& style) {
  return absl::StrCat("\n", absl::StrJoin(RenderPull(pull, style, kNow), "\n"), "\n");
}

TEST(RenderTest, Wide) {
  EXPECT_EQ(Render(FetchingPull(), {.width = 110}), R"(
model-00001-of-00002.safetensors             ━━━━━───────────────   25 %   4.0 GiB  52.0 MiB/s
model-00002-of-00002.safetensors             ━━━━━━━━━━──────────   50 %   2.0 GiB  50.0 MiB/s
vocab.json                                   ━━━━━━━━━━━━━━━━━━━━  100 %   1.0 MiB   verifying
total 3/12 files, 3.0 GiB                    ━━━━━━━━────────────   42 %   7.0 GiB   102 MiB/s  ETA 0:40
tuna 66 % 62.0 MiB/s ×6 · official 33 % 40.0 MiB/s ×4 · pai: ejected: timeouts
)");
}

TEST(RenderTest, Usual) {
  EXPECT_EQ(Render(FetchingPull(), {.width = 80}), R"(
…del-00001-of-00002.safetensors  ━━━─────────   25 %  52.0 MiB/s
…del-00002-of-00002.safetensors  ━━━━━━──────   50 %  50.0 MiB/s
vocab.json                       ━━━━━━━━━━━━  100 %   verifying
total 3/12 files, 3.0 GiB        ━━━━━───────   42 %   102 MiB/s  ETA 0:40
tuna 66 % 62.0 MiB/s ×6 · official 33 % 40.0 MiB/s ×4 · pai: ejected: timeouts
)");
}

TEST(RenderTest, Narrow) {
  EXPECT_EQ(Render(FetchingPull(), {.width = 40}), R"(
…02.safetensors  ━━━────────────   25 %
…02.safetensors  ━━━━━━━────────   50 %
vocab.json       ━━━━━━━━━━━━━━━  100 %
total 3/12 fil…  ━━━━━━─────────   42 %
tuna 66 % 62.0 MiB/s ×6 · official 33 …
)");
}

TEST(RenderTest, ATotalThatGrowsHasNoPart) {
  v1::Pull pull = FetchingPull();
  pull.set_listing(true);
  pull.clear_eta();
  pull.clear_files();
  EXPECT_EQ(Render(pull, {.width = 80}), R"(
listing, 3/12 files so far, 3.…  ────────────          102 MiB/s
tuna 66 % 62.0 MiB/s ×6 · official 33 % 40.0 MiB/s ×4 · pai: ejected: timeouts
)");
}

TEST(RenderTest, Tiny) {
  EXPECT_EQ(Render(FetchingPull(), {.width = 24}), R"(
…002.safetensors   25 %
…002.safetensors   50 %
vocab.json        100 %
total 3/12 file…   42 %
tuna 66 % 62.0 MiB/s ×…
)");
}

TEST(RenderTest, Ascii) {
  EXPECT_EQ(Render(FetchingPull(), {.width = 60, .unicode = false}), R"(
~1-of-00002.safetensors  ###------------   25 %  52.0 MiB/s
~2-of-00002.safetensors  #######--------   50 %  50.0 MiB/s
vocab.json               ###############  100 %   verifying
total 3/12 files, 3.0 ~  ######---------   42 %   102 MiB/s
tuna 66 % 62.0 MiB/s x6 | official 33 % 40.0 MiB/s x4 | pa~
)");
}

TEST(RenderTest, SaysWhatItWaitsFor) {
  EXPECT_EQ(Render(testing::NewPull(v1::PULL_STATE_LISTING), {}), R"(
org/model@abcdef12: listing (0:10)
)");
}

TEST(RenderTest, NeverPassesTheLastColumnAtAnyWidth) {
  v1::Pull pull = FetchingPull();
  testing::AddFile(&pull, "模型/日本語のとても長い名前のファイル-00001.safetensors", 1,
                   9 * testing::kGiB, 1);
  testing::AddFile(&pull, "evil\x1b[2J\xff.bin", 1, 8 * testing::kGiB, 1,
                   v1::FileProgress::STATE_LOCKED);
  for (int width = 2; width < 200; ++width) {
    for (const bool color : {false, true}) {
      for (const std::string& line : RenderPull(pull, {.width = width, .color = color}, kNow)) {
        EXPECT_LE(DisplayWidth(line), width - 1) << width << ": " << line;
        EXPECT_THAT(line, Not(HasSubstr("\x1b[2J")));
      }
    }
  }
}

TEST(RenderTest, ShowsTheLargestFilesThatFit) {
  const auto lines = RenderPull(FetchingPull(), {.width = 80, .height = 5}, kNow);
  ASSERT_EQ(lines.size(), 4u);  // two files, the total, the sources
  EXPECT_THAT(lines[0], HasSubstr("-00001-"));
  EXPECT_THAT(lines[1], HasSubstr("-00002-"));
  EXPECT_EQ(RenderPull(FetchingPull(), {.width = 80, .height = 1}, kNow).size(), 2u);
}

TEST(RenderTest, PaintsOnlyWhenAsked) {
  EXPECT_THAT(Render(FetchingPull(), {.color = true}), HasSubstr("\x1b[36m"));
  EXPECT_THAT(Render(FetchingPull(), {.color = false}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace hfget::cli
