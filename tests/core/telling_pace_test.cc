#include "daemon/core/telling_pace.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr absl::Duration kUsual = absl::Milliseconds(100);

TEST(TellingPaceTest, FewAreToldAsOftenAsIsUsual) {
  EXPECT_EQ(TellingPace(kUsual, 0), kUsual);
  EXPECT_EQ(TellingPace(kUsual, 1), kUsual);
  EXPECT_EQ(TellingPace(kUsual, kTellingsPerSec / 10), kUsual);
}

TEST(TellingPaceTest, ManyAreToldLessOftenSoThatTheSumStays) {
  EXPECT_EQ(TellingPace(kUsual, 1000), absl::Milliseconds(400));
  for (const int64_t messages : {251, 5000, 1'000'000, 1'000'000'000}) {
    const absl::Duration pace = TellingPace(kUsual, messages);
    EXPECT_NEAR(static_cast<double>(messages) / absl::ToDoubleSeconds(pace), kTellingsPerSec, 0.01) << messages;
  }
}

}  // namespace
}  // namespace hfget::core
