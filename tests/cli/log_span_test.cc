#include "cli/log_span.h"

#include "gmock/gmock.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::cli {
namespace {

using ::hfget::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Optional;

const absl::Time kNoon = absl::FromUnixSeconds(1'800'000'000);  // 2027-01-15T08:00:00Z

constexpr char kLog[] =
    "2027-01-15T08:58:00.000+01:00 I one\n"
    "2027-01-15T08:59:00.000+01:00 I two\n"
    "  of which more\n"
    "2027-01-15T08:00:00.000+00:00 W three\n";

TEST(LogSpanTest, ReadsTheTimeThatHfgetdWrites) {
  EXPECT_THAT(TimeOfLine("2027-01-15T09:00:00.250+01:00 I text"), Optional(kNoon + absl::Milliseconds(250)));
  for (const char* line : {"", "text", "terminate called", "2027-01-15 text"}) EXPECT_EQ(TimeOfLine(line), std::nullopt) << line;
}

TEST(LogSpanTest, KeepsTheLastLines) {
  EXPECT_EQ(Wanted("a\nb\nc\n", {.lines = 2}), "b\nc\n");
  EXPECT_EQ(Wanted("a\nb\nc", {.lines = 2}), "b\nc");
  EXPECT_EQ(Wanted("a\nb\n", {.lines = 3}), "a\nb\n");
  EXPECT_EQ(Wanted("a\nb\n", {.lines = 0}), "");
  EXPECT_EQ(Wanted("", {.lines = 1}), "");
}

TEST(LogSpanTest, KeepsWhatIsNotOlder) {
  EXPECT_EQ(Wanted(kLog, {.since = kNoon}), "2027-01-15T08:00:00.000+00:00 W three\n");
  EXPECT_EQ(Wanted(kLog, {.since = kNoon + absl::Seconds(1)}), "");
  EXPECT_EQ(Wanted(kLog, {.since = kNoon - absl::Hours(1)}), kLog);
}

TEST(LogSpanTest, ALineWithoutATimeBelongsToTheOneBefore) {
  EXPECT_THAT(std::string(Wanted(kLog, {.since = kNoon - absl::Seconds(60)})), HasSubstr("two\n  of which more\n"));
  EXPECT_EQ(Wanted("  of which more\n2027-01-15T08:00:00.000+00:00 W three\n", {.since = kNoon}), "2027-01-15T08:00:00.000+00:00 W three\n");
}

TEST(LogSpanTest, HoldsAllWhenOneLineMoreIsThere) {
  EXPECT_FALSE(HoldsAll("alf a line\nb\n", {.lines = 2}));
  EXPECT_TRUE(HoldsAll("alf a line\nb\nc\n", {.lines = 2}));
  EXPECT_FALSE(HoldsAll("a\nb\n", {}));
}

TEST(LogSpanTest, HoldsAllWhenAnOlderLineIsThere) {
  const LogSpan since{.since = kNoon - absl::Seconds(60)};
  EXPECT_TRUE(HoldsAll(std::string("half\n") + kLog, since));
  EXPECT_FALSE(HoldsAll(kLog, since)) << "the first line may be half of one";
  EXPECT_FALSE(HoldsAll("half", since));
}

TEST(LogSpanTest, SinceIsASpanOrATime) {
  EXPECT_EQ(ParseSince("10m", kNoon).value(), kNoon - absl::Minutes(10));
  EXPECT_EQ(ParseSince("2027-01-15T08:00:00Z", kNoon + absl::Hours(9)).value(), kNoon);
  for (const char* wrong : {"yesterday", "-5m", "10"}) {
    EXPECT_THAT(ParseSince(wrong, kNoon), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(wrong)));
  }
}

}  // namespace
}  // namespace hfget::cli
