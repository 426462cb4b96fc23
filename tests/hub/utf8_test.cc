#include "daemon/hub/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace hfget::hub {
namespace {

TEST(Utf8Test, ReadsEveryLength) {
  const std::pair<absl::string_view, char32_t> kCases[] = {{"a", U'a'},
                                                           {"é", U'é'},
                                                           {"你", U'你'},
                                                           {"𝄞", U'𝄞'},
                                                           {"\xF4\x8F\xBF\xBF", 0x10FFFF},
                                                           {"\xEE\x80\x80", 0xE000}};
  for (const auto& [text, expected] : kCases) {
    size_t pos = 0;
    char32_t c = 0;
    EXPECT_TRUE(NextCodePoint(text, pos, c)) << text;
    EXPECT_EQ(c, expected);
    EXPECT_EQ(pos, text.size());
  }
}

TEST(Utf8Test, RefusesWhatIsNotUtf8AndStaysThere) {
  for (const absl::string_view text :
       {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE4\xBD", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    size_t pos = 0;
    char32_t c = 0;
    EXPECT_FALSE(NextCodePoint(text, pos, c));
    EXPECT_EQ(pos, 0u);
    EXPECT_FALSE(IsUtf8(text));
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_FALSE(IsUtf8("ok\xFF"));
}

}  // namespace
}  // namespace hfget::hub
