#include "cli/table.h"

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

TEST(TableTest, AlignsByColumnsAndEndsLinesWithoutSpaces) {
  Table table({Align::kLeft, Align::kRight, Align::kLeft});
  table.Add({"NAME", "SIZE", "NOTE"});
  table.Add({"日本", "1 B", ""});
  table.Add({"a\x1b", "10 MiB", "x"});
  EXPECT_EQ(table.ToString(),
            "NAME    SIZE  NOTE\n"
            "日本     1 B\n"
            "a?    10 MiB  x\n");
}

}  // namespace
}  // namespace hfget::cli
