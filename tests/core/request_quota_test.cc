#include "daemon/core/request_quota.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);
absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

TEST(RequestQuotaTest, AHubThatSaysNothingMayBeAskedWhatever) {
  EXPECT_TRUE(RequestQuota().Allows(1000, At(0)));
}

TEST(RequestQuotaTest, WhatIsUnansweredCountsAsAsked) {
  RequestQuota quota;
  quota.OnReport(3, absl::Seconds(100), At(0), At(1));
  EXPECT_TRUE(quota.Allows(0, At(1)));
  EXPECT_TRUE(quota.Allows(2, At(1)));
  EXPECT_FALSE(quota.Allows(3, At(1)));
}

TEST(RequestQuotaTest, NothingIsKnownWhenTheWindowIsOver) {
  RequestQuota quota;
  quota.OnReport(0, absl::Seconds(100), At(0), At(1));
  EXPECT_FALSE(quota.Allows(0, At(100.9)));
  EXPECT_TRUE(quota.Allows(16, At(101)));
}

TEST(RequestQuotaTest, OfAnswersThatCrossTheLowerCounts) {
  RequestQuota quota;
  quota.OnReport(4, absl::Seconds(100), At(0), At(2));
  quota.OnReport(9, absl::Seconds(100), At(1), At(3));  // sent before the 4 came
  EXPECT_FALSE(quota.Allows(4, At(3)));
}

TEST(RequestQuotaTest, AnAnswerToALaterRequestReplacesTheFigure) {
  RequestQuota quota;
  quota.OnReport(4, absl::Seconds(100), At(0), At(2));
  quota.OnReport(9, absl::Seconds(100), At(2), At(3));  // a window that slides
  EXPECT_TRUE(quota.Allows(8, At(3)));
}

TEST(RequestQuotaTest, TheFirstReportOfTheNextWindowCounts) {
  RequestQuota quota;
  quota.OnReport(0, absl::Seconds(10), At(0), At(1));
  quota.OnReport(2999, absl::Seconds(300), At(0.5), At(12));
  EXPECT_TRUE(quota.Allows(64, At(12)));
}

TEST(RequestQuotaTest, ARequestGivenUpMayHaveBeenCounted) {
  RequestQuota quota;
  quota.OnReport(1, absl::Seconds(100), At(0), At(1));
  quota.OnLost();
  EXPECT_FALSE(quota.Allows(0, At(2)));
  EXPECT_TRUE(quota.Allows(0, At(101)));
}

}  // namespace
}  // namespace hfget::core
