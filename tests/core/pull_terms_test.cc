#include "daemon/core/pull_terms.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const absl::Time kSoon = absl::UnixEpoch() + absl::Hours(1), kLate = kSoon + absl::Hours(1);

TEST(PullTermsTest, NobodyIsServedWorseThanTheyAskedFor) {
  PullTerms terms{1, kSoon, {{"team", "a"}}};
  terms.TakeOn({5, kLate, {{"team", "b"}, {"job", "7"}}});
  EXPECT_EQ(terms.priority, 5);
  EXPECT_EQ(terms.deadline, kLate);
  EXPECT_EQ(terms.labels, (Labels{{"team", "a"}, {"job", "7"}}));
  terms.TakeOn({-5, kSoon, {}});
  EXPECT_EQ(terms.priority, 5);
  EXPECT_EQ(terms.deadline, kLate);
}

TEST(PullTermsTest, WhoSetsNoDeadlineWaitsForEver) {
  PullTerms terms{0, kSoon, {}};
  terms.TakeOn({});
  EXPECT_EQ(terms.deadline, absl::InfiniteFuture());
}

TEST(PullTurnTest, UrgentThenWhoseTimeIsOverFirstThenWhoCameFirst) {
  const std::vector<PullTurn> order = {{9, absl::InfiniteFuture(), 4}, {0, kSoon, 5}, {0, kLate, 3},
                                       {0, absl::InfiniteFuture(), 1}, {0, absl::InfiniteFuture(), 2}, {-9, kSoon, 0}};
  std::vector<PullTurn> shuffled(order.rbegin(), order.rend());
  std::sort(shuffled.begin(), shuffled.end());
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(shuffled[i].sequence, order[i].sequence) << i;
}

}  // namespace
}  // namespace hfget::core
