#include "daemon/hub/json.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
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

class Strings final : public JsonWalker {
 public:
  size_t longest = 0;

 private:
  bool OnString(std::string& value) override {
    longest = std::max(longest, value.size());
    return true;
  }
};

// The parser would hold it twice before anybody could say no.
TEST(JsonWalkerTest, RefusesAStringThatIsTooLong) {
  Strings walker;
  const std::string fits(kMaxJsonStringBytes, 'a');
  EXPECT_TRUE(walker.Walk(absl::StrCat("[\"", fits, "\", \"b\"]")).ok());
  EXPECT_EQ(walker.longest, kMaxJsonStringBytes);
  std::string escapes;
  while (escapes.size() <= kMaxJsonStringBytes) escapes += "\\\"";
  for (const std::string& text : {absl::StrCat("[\"", fits, "a\"]"), absl::StrCat("{\"", fits, "a\": 1}"), absl::StrCat("[\"", fits, "aa"),
                                  absl::StrCat("[\"", escapes, "\"]"), absl::StrCat("[\"", fits, "a\\")}) {
    Strings bounded;
    EXPECT_EQ(bounded.Walk(text).message(), "the answer is JSON with a string that is too long");
    EXPECT_EQ(bounded.longest, 0u);
  }
  EXPECT_TRUE(walker.Walk(absl::StrCat("[1", std::string(kMaxJsonStringBytes + 9, ' '), "]")).ok()) << "white space is no string";
}

TEST(JsonWalkerTest, RefusesAnyDepthAtOnce) {
  for (const char* open : {"[", "{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += open;
    Strings walker;
    EXPECT_EQ(walker.Walk(text).message(), "the answer is JSON that nests too deep");
  }
}

}  // namespace
}  // namespace hfget::hub
