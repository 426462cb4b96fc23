#include "daemon/engine/small_request.h"

#include <memory>
#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/engine_fixture.h"

namespace hfget::engine {
namespace {

using testing::Fault;
using testing::FakeHost;
using ::testing::HasSubstr;
using Kind = Fault::Kind;
using Where = Fault::Where;

class SmallRequestTest : public testing::EngineFixture {
 protected:
  SmallRequestTest() : host_(AddSource("official")) {
    Build();
    internet.content.repos.emplace_back().Add("config.json", 100, /*lfs=*/false);
  }
  void Ask(SmallRequest::Limits limits = {}) {
    net::Request request;
    request.url = "https://official.test/api/models/org/model/revision/main";
    // Done destroys the request, as the lister does.
    request_ = std::make_unique<SmallRequest>(*context, std::move(request), limits, [this](SmallAnswer answer) {
      ++answers_;
      answer_ = std::move(answer);
      request_.reset();
    });
  }
  bool Answered() {
    return RunUntil([this] { return answers_ > 0; });
  }

  FakeHost& host_;
  std::unique_ptr<SmallRequest> request_;
  SmallAnswer answer_;
  int answers_ = 0;
};

TEST_F(SmallRequestTest, GivesTheWholeBody) {
  Ask();
  ASSERT_TRUE(Answered());
  EXPECT_EQ(answer_.error, net::NetError::kNone);
  EXPECT_EQ(answer_.head.status, 200);
  EXPECT_EQ(answer_.body, internet.content.repos[0].InfoJson());
  EXPECT_EQ(timers.Next(), absl::InfiniteFuture()) << "a timer is left";
}

TEST_F(SmallRequestTest, GivesErrorAnswersWithTheirWords) {
  host_.Add({.kind = Kind::kStatus, .where = Where::kAny, .status = 503});
  Ask();
  ASSERT_TRUE(Answered());
  EXPECT_EQ(answer_.error, net::NetError::kNone);
  EXPECT_EQ(answer_.head.status, 503);
  EXPECT_THAT(answer_.body, HasSubstr("scripted"));
}

TEST_F(SmallRequestTest, SaysWhyNothingCame) {
  host_.Add({.kind = Kind::kRefuse, .where = Where::kAny});
  Ask();
  ASSERT_TRUE(Answered());
  EXPECT_EQ(answer_.error, net::NetError::kConnect);
}

TEST_F(SmallRequestTest, GivesUpOnSilenceInTheMidstOfTheBody) {
  host_.Add({.kind = Kind::kStall, .where = Where::kAny, .after = 10});
  const absl::Time begin = clock.Steady();
  Ask();
  ASSERT_TRUE(Answered());
  EXPECT_EQ(answer_.error, net::NetError::kHeadTimeout);
  EXPECT_LT(clock.Steady() - begin, absl::Seconds(21));
  EXPECT_EQ(network.running(), 0u);
}

TEST_F(SmallRequestTest, WaitsLongForOneThatKeepsSending) {
  host_.Add({.kind = Kind::kSlow, .where = Where::kAny, .rate = 1000});
  for (int i = 0; i < 3000; ++i) internet.content.repos[0].Add(absl::StrCat("f", i), 10);
  const absl::Time begin = clock.Steady();
  Ask();
  ASSERT_TRUE(Answered());
  EXPECT_EQ(answer_.error, net::NetError::kNone);
  EXPECT_GT(clock.Steady() - begin, absl::Seconds(30));
}

TEST_F(SmallRequestTest, TakesNoMoreThanItsLimit) {
  Ask({.max_body_bytes = 20});
  ASSERT_TRUE(Answered());
  EXPECT_EQ(answer_.error, net::NetError::kCancelled);
  EXPECT_THAT(answer_.detail, HasSubstr("longer than"));
}

TEST_F(SmallRequestTest, CancelsWhenDestroyed) {
  Ask();
  request_.reset();
  EXPECT_EQ(network.running(), 0u);
  EXPECT_FALSE(RunUntil([this] { return answers_ > 0; }, absl::Minutes(1)));
  EXPECT_EQ(timers.Next(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace hfget::engine
