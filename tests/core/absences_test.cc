#include "daemon/core/absences.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

TEST(AbsencesTest, AreForgottenAfterAMinuteThenAfterTwiceAsLong) {
  Absences absences;
  absences.Add("c0ffee", kNow);
  EXPECT_TRUE(absences.Has("c0ffee", kNow + absl::Seconds(59)));
  EXPECT_FALSE(absences.Has("c0ffee", kNow + absl::Seconds(60)));
  absences.Add("c0ffee", kNow + absl::Seconds(60));
  EXPECT_TRUE(absences.Has("c0ffee", kNow + absl::Seconds(179)));
  EXPECT_FALSE(absences.Has("c0ffee", kNow + absl::Seconds(180)));
}

TEST(AbsencesTest, LastAQuarterOfAnHourAtMost) {
  Absences absences;
  absl::Time now = kNow;
  for (int i = 0; i < 10; ++i, now += absl::Hours(1)) absences.Add("c0ffee", now);
  now -= absl::Hours(1);
  EXPECT_TRUE(absences.Has("c0ffee", now + absl::Minutes(14)));
  EXPECT_FALSE(absences.Has("c0ffee", now + absl::Minutes(15)));
}

TEST(AbsencesTest, SeveralFindingsAtOnceAreOne) {
  Absences absences;
  for (int i = 0; i < 8; ++i) absences.Add("c0ffee", kNow + absl::Milliseconds(i));
  EXPECT_FALSE(absences.Has("c0ffee", kNow + absl::Seconds(60)));
}

TEST(AbsencesTest, AreOfOneCommit) {
  Absences absences;
  absences.Add("c0ffee", kNow);
  EXPECT_FALSE(absences.Has("decaf", kNow));
  absences.Remove("c0ffee");
  EXPECT_FALSE(absences.Has("c0ffee", kNow));
}

TEST(AbsencesTest, AreBounded) {
  Absences absences;
  for (int i = 0; i < 1000; ++i) absences.Add(absl::StrCat(i), kNow + absl::Seconds(i) / 1000);
  EXPECT_FALSE(absences.Has("0", kNow + absl::Seconds(2)));
  EXPECT_TRUE(absences.Has("999", kNow + absl::Seconds(2)));
}

}  // namespace
}  // namespace hfget::core
