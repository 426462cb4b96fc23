#include "cli/exit_code.h"

#include <csignal>

#include "gtest/gtest.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli {
namespace {

TEST(ExitCodeTest, FollowsTheCause) {
  EXPECT_EQ(ExitCodeOf(v1::ERROR_CAUSE_INVALID), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(v1::ERROR_CAUSE_NOT_FOUND), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(v1::ERROR_CAUSE_UNAUTHORIZED), ExitCode::kUnauthorized);
  EXPECT_EQ(ExitCodeOf(v1::ERROR_CAUSE_NO_SOURCE), ExitCode::kNoSource);
  EXPECT_EQ(ExitCodeOf(v1::ERROR_CAUSE_DISK), ExitCode::kDisk);
  for (const auto cause : {v1::ERROR_CAUSE_UNSPECIFIED, v1::ERROR_CAUSE_HOSTILE_LISTING,
                           v1::ERROR_CAUSE_CORRUPT, v1::ERROR_CAUSE_INTERNAL}) {
    EXPECT_EQ(ExitCodeOf(cause), ExitCode::kFailed);
  }
  EXPECT_EQ(ExitCodeOf(static_cast<v1::ErrorCause>(99)), ExitCode::kFailed);
}

TEST(ExitCodeTest, FollowsTheStateOfAPull) {
  EXPECT_EQ(ExitCodeOf(testing::DonePull()), ExitCode::kDone);
  EXPECT_EQ(ExitCodeOf(testing::NewPull(v1::PULL_STATE_CANCELLED)), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(testing::NewPull(v1::PULL_STATE_NEEDS_TOKEN)), ExitCode::kUnauthorized);
  EXPECT_EQ(ExitCodeOf(testing::FailedPull(v1::ERROR_CAUSE_DISK, "")), ExitCode::kDisk);
  EXPECT_EQ(ExitCodeOf(testing::PausedPull()), ExitCode::kDisk);
}

TEST(ExitCodeTest, FollowsTheStatusOfACall) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kDone);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), ExitCode::kFailed);
}

TEST(ExitCodeTest, FollowsTheSignal) {
  EXPECT_EQ(ExitCodeOfSignal(SIGINT), ExitCode::kInterrupted);
  EXPECT_EQ(ExitCodeOfSignal(SIGTERM), ExitCode::kTerminated);
}

}  // namespace
}  // namespace hfget::cli
