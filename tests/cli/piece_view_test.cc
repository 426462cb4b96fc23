#include "cli/piece_view.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/text.h"
#include "gmock/gmock.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli {
namespace {

using testing::kMiB;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A cell a letter: "A" there of the first source, "a" on its way from it, "#" there of nobody knows whom, "+" half of it is there,
// "." missing.
void AddPieces(v1::GetPieceMapResponse* map, const std::string& path, const std::string& cells) {
  v1::FilePieces* file = map->add_files();
  file->set_path(path);
  file->set_size_bytes(static_cast<int64_t>(cells.size()) * kMiB);
  file->set_pieces(cells.size());
  for (const char c : cells) {
    const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
    file->add_done_percent(upper || c == '#' ? 100 : c == '+' ? 50 : 0);
    file->add_in_flight(lower);
    file->add_source(upper ? c - 'A' + 1 : lower ? c - 'a' + 1 : 0);
  }
}

v1::GetPieceMapResponse Map(const std::vector<std::pair<std::string, std::string>>& files) {
  v1::GetPieceMapResponse map;
  map.add_sources("official");
  map.add_sources("tuna");
  for (const auto& [path, cells] : files) AddPieces(&map, path, cells);
  return map;
}

std::string Render(const v1::GetPieceMapResponse& map, const RenderStyle& style, int rows = 100, const v1::Pull& pull = {}) {
  return absl::StrCat("\n", absl::StrJoin(RenderPieces(map, pull, style, rows), "\n"), "\n");
}

TEST(PieceViewTest, WithoutColourASourceIsALetter) {
  EXPECT_EQ(Render(Map({{"model.bin", "AAB#+ab.."}}), {.width = 60, .unicode = false}), R"(
A official  B tuna  a on its way  . missing
model.bin  9.0 MiB
AAB#+ab..
)");
}

TEST(PieceViewTest, WithColourASourceIsAColour) {
  const std::string text = Render(Map({{"m", "ABb."}}), {.width = 60, .color = true});
  EXPECT_THAT(text, HasSubstr("\x1b[36m█\x1b[0m official  \x1b[32m█\x1b[0m tuna"));
  EXPECT_THAT(text, HasSubstr("\n\x1b[36m█\x1b[0m\x1b[32m█\x1b[0m\x1b[32m▒\x1b[0m\x1b[2m·\x1b[0m\n"));
}

TEST(PieceViewTest, OnlySourcesThatBringSomethingAreNamed) {
  EXPECT_THAT(Render(Map({{"m", "BB.."}}), {}), Not(HasSubstr("official")));
}

TEST(PieceViewTest, AFileSaysHowFarAndHowFast) {
  v1::Pull pull;
  testing::AddFile(&pull, "m", 1 * kMiB, 4 * kMiB, 2 * kMiB);
  EXPECT_THAT(Render(Map({{"m", "A..."}}), {}, 100, pull), HasSubstr("25 % of 4.0 MiB, 2.0 MiB/s\n"));
}

TEST(PieceViewTest, ALongFileGoesOnInTheNextLine) {
  EXPECT_THAT(Render(Map({{"m", "AAAAAAAAABBBB"}}), {.width = 10}, 100), HasSubstr("\nAAAAAAAAA\nBBBB\n"));
}

TEST(PieceViewTest, AFileOfOnePieceHasOneLine) {
  EXPECT_THAT(Render(Map({{"one", "A"}, {"two", "."}}), {.width = 30}), HasSubstr("\nA one  1.0 MiB\n· two  1.0 MiB\n"));
}

TEST(PieceViewTest, TheLargestFilesComeFirstAndTheRestIsLeftOut) {
  const auto map = Map({{"small", "AB"}, {"large", "BBBB"}, {"medium", "AAA"}});
  const auto lines = RenderPieces(map, {}, {.width = 40}, 5);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(lines[1], HasSubstr("large"));
  EXPECT_THAT(lines[3], HasSubstr("medium"));
}

TEST(PieceViewTest, NoFileUnderWayIsSaid) {
  EXPECT_THAT(RenderPieces({}, {}, {}, 5), ElementsAre("no file is under way"));
  EXPECT_THAT(RenderPieces({}, {}, {}, 0), IsEmpty());
}

TEST(PieceViewTest, AMapOfAnotherVersionIsDrawnAsFarAsItIsUnderstood) {
  v1::GetPieceMapResponse map;
  v1::FilePieces* file = map.add_files();
  file->set_path("m");
  file->add_done_percent(100);
  file->add_done_percent(0);
  file->add_source(7);  // nobody
  EXPECT_THAT(Render(map, {}), HasSubstr("\nG·\n"));
}

TEST(PieceViewTest, KeepsWithinItsRoom) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 30; ++i) files.emplace_back(absl::StrCat("folder/model-", i, "-of-30.safetensors"), std::string(300, 'B'));
  const auto map = Map(files);
  for (int width = 1; width < 100; width += 7) {
    for (const int rows : {0, 1, 2, 3, 4, 9, 40}) {
      const auto lines = RenderPieces(map, {}, {.width = width, .color = width % 2 == 0}, rows);
      EXPECT_LE(lines.size(), static_cast<size_t>(rows));
      for (const std::string& line : lines) EXPECT_LE(DisplayWidth(line), std::max(1, width - 1)) << line;
    }
  }
}

TEST(PieceViewTest, AsksForAsManyCellsAsItDraws) {
  EXPECT_EQ(CellsToAskFor(80, 4, 1), 79 * 2);
  EXPECT_EQ(CellsToAskFor(80, 100, 1), 79 * 4);
  EXPECT_EQ(CellsToAskFor(80, 10, 9), 79);
  EXPECT_EQ(CellsToAskFor(2000, 100, 1), 4096);
  EXPECT_EQ(CellsToAskFor(0, 0, 0), 1);
}

}  // namespace
}  // namespace hfget::cli
