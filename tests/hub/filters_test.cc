#include "daemon/hub/filters.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/fakes/status_matchers.h"

namespace hfget::hub {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

constexpr char kPythonCases[] =
#include "tests/hub/fnmatch_cases.inc"
    ;

// ALPHABET of make_fnmatch_cases.py.
const std::vector<std::string> kAlphabet = {"a", "b", "c", "y", "z",  "-", "!", "^",
                                            "]", "&", "~", "|", "\\", "[", "é", "你"};

TEST(FnMatchTest, AgreesWithCPythonOnThousandsOfRandomPatterns) {
  std::istringstream lines(kPythonCases);
  int checked = 0, matched = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const auto row = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(row.is_array()) << line;
    const std::string pattern = row[0], verdicts = row[1];
    for (size_t i = 0; i < verdicts.size(); ++i, ++checked) {
      const std::string text = row.size() > 2 ? row[i + 2].get<std::string>() : kAlphabet.at(i);
      EXPECT_EQ(FnMatch(text, pattern), verdicts[i] == '1') << pattern << " on " << text;
      matched += verdicts[i] == '1';
    }
  }
  EXPECT_GT(checked, 40000);
  EXPECT_GT(matched, 10000);
}

struct FnMatchCase {
  absl::string_view pattern, text;
  bool matches;
};

TEST(FnMatchTest, FollowsTheRulesThatPeopleTripOver) {
  const FnMatchCase kCases[] = {
      {"*.json", "a/b/c.json", true},  // "*" crosses "/"
      {"*.json", ".json", true},       // dot files are not special
      {"a/**/c", "a/c", false},        // "**" is "*", its slashes stay
      {"a/**/c", "a/b/b/c", true},
      {"a?c", "a/c", true},
      {"[!a]", "a", false},
      {"[]]", "]", true},
      {"[!]]", "]", false},
      {"[abc", "[abc", true},  // unclosed: itself
      {"[^a]", "a", true},     // "^" is a character
      {"[^a]", "^", true},
      {"[c-a]", "b", false},  // a reversed range is empty
      {"[!c-a]", "b", true},
      {"{a,b}", "a", false},
      {"\\*", "*", false},  // no escapes
      {"*.JSON", "a.json", false},
      {"?", "é", true},  // one code point
      {"??", "é", false},
      {"", "", true},
      {"*", "", true},
      {"?", "", false},
  };
  for (const auto& [pattern, text, matches] : kCases) {
    EXPECT_EQ(FnMatch(text, pattern), matches) << pattern << " on " << text;
  }
}

TEST(FnMatchTest, WorksOnBytesWhereEitherSideIsNotUtf8) {
  EXPECT_TRUE(FnMatch("a\xFFz", "a?z"));
  EXPECT_TRUE(FnMatch("a\xC3\xA9\xFF", "a???"));
  EXPECT_TRUE(FnMatch("\xC3\xA9", "\xC3*"));
}

TEST(FnMatchTest, ManyStarsDoNotExplode) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(FnMatch(std::string(4000, 'a'), pattern + "b"));
}

Filters Normal(Filters filters) {
  EXPECT_OK(Normalise(filters));
  return filters;
}

TEST(FiltersTest, EmptyFiltersKeepEverything) {
  EXPECT_TRUE(Filters{}.Keeps("any/thing"));
  EXPECT_TRUE(Filters{}.empty());
}

TEST(FiltersTest, IncludeAndExcludeBothCount) {
  const Filters filters = Normal({{}, {"*.json", "onnx/"}, {"*/secret*"}});
  EXPECT_TRUE(filters.Keeps("config.json"));
  EXPECT_TRUE(filters.Keeps("onnx/deep/model.onnx"));
  EXPECT_FALSE(filters.Keeps("onnx/secret.json"));
  EXPECT_FALSE(filters.Keeps("model.bin"));
}

TEST(FiltersTest, ExcludeAloneKeepsTheRest) {
  const Filters filters = Normal({{}, {}, {"*.bin"}});
  EXPECT_TRUE(filters.Keeps("a.safetensors"));
  EXPECT_FALSE(filters.Keeps("deep/a.bin"));
}

TEST(FiltersTest, FilesSwitchIncludeAndExcludeOff) {
  const Filters filters = Normal({{"a.bin"}, {"*.json"}, {"*.bin"}});
  EXPECT_TRUE(filters.Keeps("a.bin"));
  EXPECT_FALSE(filters.Keeps("b.json"));
}

TEST(FiltersTest, AFolderAmongFilesIsAllBelowIt) {
  const Filters filters = Normal({{"art//"}, {}, {}});
  EXPECT_EQ(filters.files[0], "art/**");
  EXPECT_TRUE(filters.Keeps("art/a/b.png"));
  EXPECT_FALSE(filters.Keeps("artist.png"));
  EXPECT_EQ(filters.SingleFile(), "");
}

TEST(FiltersTest, ANameWithABracketIsFoundAsItIs) {
  EXPECT_TRUE(Normal({{"data[1].bin"}, {}, {}}).Keeps("data[1].bin"));
}

TEST(FiltersTest, SingleFileIsAPlainName) {
  EXPECT_EQ((Filters{{"a/b.bin"}, {}, {}}).SingleFile(), "a/b.bin");
  EXPECT_EQ((Filters{{"a", "b"}, {}, {}}).SingleFile(), "");
  EXPECT_EQ((Filters{{"*.bin"}, {}, {}}).SingleFile(), "");
  EXPECT_EQ((Filters{{"a/"}, {}, {}}).SingleFile(), "");
}

TEST(FiltersTest, BackslashesBecomeSlashes) {
  EXPECT_EQ(Normal({{}, {"data\\*.json", "a\\"}, {}}).include,
            (std::vector<std::string>{"data/*.json", "a/*"}));
  EXPECT_EQ(Normal({{"art\\"}, {}, {}}).files[0], "art/**");
}

TEST(FiltersTest, NormalisingTwiceChangesNothing) {
  const Filters once = Normal({{"art/", "x"}, {}, {}});
  EXPECT_EQ(Normal(once).files, once.files);
}

TEST(FiltersTest, RefusesWhatCannotBeMeant) {
  const std::pair<Filters, const char*> kCases[] = {
      {{{""}, {}, {}}, "empty"},
      {{{}, {""}, {}}, "empty"},
      {{{}, {}, {"/abs"}}, "absolute"},
      {{{"/"}, {}, {}}, "absolute"},
      {{{}, {"\\abs"}, {}}, "absolute"},
      {{{}, {std::string("a\0b", 3)}, {}}, "NUL"},
      {{{"art/"}, {"*.json"}, {}}, "cannot be combined"},
      {{{"art/"}, {}, {"*.json"}}, "cannot be combined"},
  };
  for (auto [filters, why] : kCases) {
    EXPECT_THAT(Normalise(filters), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  }
}

}  // namespace
}  // namespace hfget::hub
