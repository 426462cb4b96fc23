#include "cli/start_turn.h"

#include <optional>

#include "gtest/gtest.h"
#include "tests/cli/temp_folder.h"

namespace hfget::cli {
namespace {

TEST(StartTurnTest, BelongsToOneAtATime) {
  const testing::TempFolder temp;
  std::optional<StartTurn> first;
  first.emplace(temp.path(), absl::ZeroDuration(), absl::ZeroDuration());
  EXPECT_TRUE(first->held());
  EXPECT_FALSE(StartTurn(temp.path(), absl::ZeroDuration(), absl::ZeroDuration()).held());
  first.reset();
  EXPECT_TRUE(StartTurn(temp.path(), absl::ZeroDuration(), absl::ZeroDuration()).held());
}

TEST(StartTurnTest, GoesOnWithoutAFolder) {
  EXPECT_FALSE(StartTurn("/nonexistent", absl::InfiniteDuration(), absl::ZeroDuration()).held());
}

}  // namespace
}  // namespace hfget::cli
