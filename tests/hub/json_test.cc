#include "daemon/hub/json.h"

#include <string>

#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseSmallJsonTest, BuildsSmallDocuments) {
  EXPECT_EQ(ParseSmallJson(R"({"a":[1,"]"]})")["a"][0], 1);
  EXPECT_FALSE(ParseSmallJson(Nested(64)).is_discarded());
}

TEST(ParseSmallJsonTest, DiscardsTheRest) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("<html>"), Nested(65), std::string(60000, '['),
        "\"" + std::string(70000, 'a') + "\"", std::string("\"\xFF\""), std::string("1e999")}) {
    EXPECT_TRUE(ParseSmallJson(text).is_discarded()) << text.substr(0, 40);
  }
}

TEST(ParseSmallJsonTest, ManyNeighboursAreNotDeep) {
  std::string text = "[0";
  for (int i = 0; i < 200; ++i) text += R"(,[],{"a":[]})";
  EXPECT_FALSE(ParseSmallJson(text + "]").is_discarded());
}

TEST(ParseSmallJsonTest, BracketsInStringsDoNotNest) {
  EXPECT_FALSE(
      ParseSmallJson(R"(["\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["])")
          .is_discarded());
}

}  // namespace
}  // namespace hfget::hub
