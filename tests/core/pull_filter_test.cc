#include "daemon/core/pull_filter.h"

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

const Labels kLabels = {{"team", "nlp"}, {"job", "7"}};

TEST(PullFilterTest, AnEmptyOneKeepsAll) {
  EXPECT_TRUE(PullFilter().Concerns("user 7", {}, "org/model"));
  EXPECT_TRUE(PullFilter().Keeps(PullState::kDone));
}

TEST(PullFilterTest, AllLabelsHaveToBeThereAnEmptyValueMeansAny) {
  PullFilter filter;
  filter.labels = {{"team", "nlp"}};
  EXPECT_TRUE(filter.Concerns("", kLabels, "r"));
  filter.labels = {{"team", "nlp"}, {"job", ""}};
  EXPECT_TRUE(filter.Concerns("", kLabels, "r"));
  filter.labels = {{"team", "cv"}};
  EXPECT_FALSE(filter.Concerns("", kLabels, "r"));
  filter.labels = {{"stage", ""}};
  EXPECT_FALSE(filter.Concerns("", kLabels, "r"));
}

TEST(PullFilterTest, OwnerAndRepoAreExact) {
  PullFilter filter;
  filter.owner = "";
  EXPECT_TRUE(filter.Concerns("", {}, "r"));
  EXPECT_FALSE(filter.Concerns("user 7", {}, "r"));
  filter.owner.reset();
  filter.repo = "org/model";
  EXPECT_TRUE(filter.Concerns("user 7", {}, "org/model"));
  EXPECT_FALSE(filter.Concerns("user 7", {}, "org/model2"));
}

TEST(PullFilterTest, OneOfTheStates) {
  PullFilter filter;
  filter.states = {PullState::kDone, PullState::kFailed};
  EXPECT_TRUE(filter.Keeps(PullState::kFailed));
  EXPECT_FALSE(filter.Keeps(PullState::kCancelled));
}

}  // namespace
}  // namespace hfget::core
