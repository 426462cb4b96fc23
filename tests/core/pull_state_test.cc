#include "daemon/core/pull_state.h"

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr PullState kAll[] = {
    PullState::kUnspecified, PullState::kQueued, PullState::kListing,   PullState::kFetching,  PullState::kPublishing,
    PullState::kDone,        PullState::kFailed, PullState::kCancelled, PullState::kNeedsToken,
    PullState::kPaused};

std::string Followers(PullState from) {
  std::string followers;
  for (const PullState to : kAll) {
    if (!MayFollow(from, to)) continue;
    if (!followers.empty()) followers += " ";
    followers += std::string(PullStateName(to));
  }
  return followers;
}

TEST(PullStateTest, APullGoesOnlyWhereItMay) {
  struct Row {
    PullState from;
    const char* to;
  };
  const Row rows[] = {
      {PullState::kUnspecified, "queued done failed cancelled needs-token"},
      {PullState::kQueued, "queued listing fetching done failed cancelled needs-token paused"},
      {PullState::kListing, "queued fetching publishing done failed cancelled needs-token paused"},
      {PullState::kFetching, "queued publishing done failed cancelled needs-token paused"},
      {PullState::kPublishing, "fetching done failed cancelled needs-token paused"},
      {PullState::kNeedsToken, "queued listing failed cancelled needs-token"},
      {PullState::kPaused, "queued failed cancelled"},
      {PullState::kDone, ""},
      {PullState::kFailed, ""},
      {PullState::kCancelled, ""},
  };
  for (const Row& row : rows) EXPECT_EQ(Followers(row.from), row.to) << "from " << PullStateName(row.from);
}

TEST(PullStateTest, WhatIsOverStaysOver) {
  for (const PullState from : kAll) EXPECT_EQ(IsTerminal(from), Followers(from).empty()) << PullStateName(from);
}

TEST(PullStateTest, EveryStateHasANameOfItsOwn) {
  std::set<absl::string_view> names;
  for (const PullState state : kAll) names.insert(PullStateName(state));
  EXPECT_EQ(names.size(), std::size(kAll));
  EXPECT_EQ(PullStateName(static_cast<PullState>(99)), "unknown");
}

TEST(PullStateTest, NumbersArePersistedAndNeverChange) {
  for (size_t i = 0; i < std::size(kAll); ++i) EXPECT_EQ(static_cast<size_t>(kAll[i]), i);
  EXPECT_EQ(static_cast<int>(ErrorCause::kNone), 0);
  EXPECT_EQ(static_cast<int>(ErrorCause::kInvalid), 1);
  EXPECT_EQ(static_cast<int>(ErrorCause::kNotFound), 2);
  EXPECT_EQ(static_cast<int>(ErrorCause::kUnauthorized), 3);
  EXPECT_EQ(static_cast<int>(ErrorCause::kNoSource), 4);
  EXPECT_EQ(static_cast<int>(ErrorCause::kDisk), 5);
  EXPECT_EQ(static_cast<int>(ErrorCause::kHostileListing), 6);
  EXPECT_EQ(static_cast<int>(ErrorCause::kCorrupt), 7);
  EXPECT_EQ(static_cast<int>(ErrorCause::kInternal), 8);
}

}  // namespace
}  // namespace hfget::core
