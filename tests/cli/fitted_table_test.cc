#include "cli/fitted_table.h"

#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::ElementsAre;

FittedColumn Words(const char* header, std::vector<std::string> cells, int rank = 0) {
  FittedColumn column;
  column.header = header;
  column.rank = rank;
  column.cells = std::move(cells);
  return column;
}

FittedColumn Bar() {
  FittedColumn column;
  column.min_width = 3;
  column.max_width = 6;
  column.draw = [](int, int width) { return std::string(width, '#'); };
  return column;
}

TEST(FittedTableTest, TheBarTakesWhatIsLeftUpToItsMost) {
  EXPECT_THAT(FitTable({Words("A", {"a"}), Bar(), Words("B", {"b"})}, 10, "~"), ElementsAre("A        B", "a  ####  b"));
  EXPECT_THAT(FitTable({Words("A", {"a"}), Bar(), Words("B", {"b"})}, 99, "~"), ElementsAre("A          B", "a  ######  b"));
}

TEST(FittedTableTest, TheHighestRankGivesWayFirst) {
  const auto table = [](int width) { return FitTable({Words("A", {"a"}), Words("BB", {"b"}, 2), Words("CC", {"c"}, 1)}, width, "~")[0]; };
  EXPECT_EQ(table(9), "A  BB  CC");
  EXPECT_EQ(table(8), "A  CC");
  EXPECT_EQ(table(4), "A");
}

TEST(FittedTableTest, ThenTheOneThatMayBeCutIsCut) {
  FittedColumn name = Words("NAME", {"abcdefgh", "ab"});
  name.cut = true;
  EXPECT_THAT(FitTable({name, Words("N", {"123", "4"})}, 10, "~"), ElementsAre("NAME   N", "abcd~  123", "ab     4"));
}

TEST(FittedTableTest, WithoutAWidthNothingIsCutOrDrawn) {
  EXPECT_THAT(FitTable({Words("A", {"aaaaaaaaaa"}), Bar(), Words("B", {"b"}, 9)}, 0, "~"), ElementsAre("A           B", "aaaaaaaaaa  b"));
}

}  // namespace
}  // namespace hfget::cli
