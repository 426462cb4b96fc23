#include "daemon/core/disk_fault.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

using absl::StatusCode;

TEST(DiskFaultTest, AFullDiskIsWaitedForAtAnyTime) {
  EXPECT_EQ(RemedyFor(StatusCode::kResourceExhausted, DiskStage::kBeginning), DiskRemedy::kWait);
  EXPECT_EQ(RemedyFor(StatusCode::kResourceExhausted, DiskStage::kBegun), DiskRemedy::kWait);
}

TEST(DiskFaultTest, WhatWorkedOnceIsWaitedForAndWhatNeverWorkedIsWrong) {
  for (const StatusCode code : {StatusCode::kPermissionDenied, StatusCode::kDataLoss, StatusCode::kNotFound,
                                StatusCode::kOutOfRange, StatusCode::kUnavailable, StatusCode::kInternal}) {
    EXPECT_EQ(RemedyFor(code, DiskStage::kBegun), DiskRemedy::kWait) << absl::StatusCodeToString(code);
    EXPECT_EQ(RemedyFor(code, DiskStage::kBeginning), DiskRemedy::kFail) << absl::StatusCodeToString(code);
  }
}

TEST(DiskFaultTest, ANameTooLongAndSomethingInTheWayAreFinal) {
  for (const StatusCode code : {StatusCode::kInvalidArgument, StatusCode::kFailedPrecondition, StatusCode::kAlreadyExists}) {
    EXPECT_EQ(RemedyFor(code, DiskStage::kBegun), DiskRemedy::kFail) << absl::StatusCodeToString(code);
  }
}

TEST(DiskFaultTest, TrialsBecomeSeldomButNeverStop) {
  const int seconds[] = {1, 2, 4, 8, 16, 30, 30};
  for (int i = 0; i < 7; ++i) EXPECT_EQ(DiskTrialDelay(i), absl::Seconds(seconds[i])) << i;
  EXPECT_EQ(DiskTrialDelay(1000), absl::Seconds(30));
}

}  // namespace
}  // namespace hfget::core
