#include "daemon/core/request_names.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1000);

TEST(RequestNamesTest, ANameHoldsForADay) {
  RequestNames names;
  names.Add("job-1", kNow);
  EXPECT_TRUE(names.Has("job-1", kNow + absl::Hours(24) - absl::Seconds(1)));
  EXPECT_FALSE(names.Has("job-1", kNow + absl::Hours(24)));
  EXPECT_FALSE(names.Any(kNow + absl::Hours(24)));
  EXPECT_FALSE(names.Has("job-2", kNow));
}

TEST(RequestNamesTest, AskingAgainMakesItNoYounger) {
  RequestNames names;
  names.Add("job-1", kNow);
  names.Add("job-1", kNow + absl::Hours(23));
  EXPECT_FALSE(names.Has("job-1", kNow + absl::Hours(24)));
}

TEST(RequestNamesTest, NoNameIsNone) {
  RequestNames names;
  names.Add("", kNow);
  EXPECT_FALSE(names.Any(kNow));
}

TEST(RequestNamesTest, OfTooManyTheOldestGoes) {
  RequestNames names;
  for (size_t i = 0; i <= RequestNames::kMost; ++i) names.Add(absl::StrCat(i), kNow + absl::Seconds(static_cast<double>(i)));
  EXPECT_EQ(names.all().size(), RequestNames::kMost);
  EXPECT_FALSE(names.Has("0", kNow));
  EXPECT_TRUE(names.Has("1", kNow));
}

}  // namespace
}  // namespace hfget::core
