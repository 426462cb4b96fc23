#include "daemon/core/connection_limit.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr ByteCount kConnection = 1'000'000;  // what one connection carries a second

// A line to one source: all connections that the limit allows are in use, and bytes come every 10 ms.
class ConnectionLimitTest : public ::testing::Test {
 protected:
  using Carries = std::function<ByteCount(int connections)>;

  // Every connection carries the same, up to `most` of them.
  static Carries Useful(int most) {
    return [most](int n) { return std::min(n, most) * kConnection; };
  }

  void Drive(double seconds, const Carries& carries) {
    for (const absl::Time end = now_ + absl::Seconds(seconds); now_ < end;) {
      now_ += absl::Milliseconds(10);
      const int in_use = std::min(limit_.Get(), work_);
      limit_.OnBytes(carries(in_use) / 100, in_use, begun_ < std::min(in_use, beginning_), now_);
      begun_ = std::min({begun_ + 1, in_use, beginning_});
      highest_ = std::max(highest_, limit_.Get());
    }
  }
  void Renew(int max) {
    limit_ = ConnectionLimit(max);
    begun_ = 0;
  }
  void Pass(double seconds) { now_ += absl::Seconds(seconds); }

  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  ConnectionLimit limit_{16};
  int work_ = 1000;  // ranges that there are to fetch
  int beginning_ = 1000;  // connections that bring something, at most
  int begun_ = 0;         // that have begun
  int highest_ = 0;
};

TEST_F(ConnectionLimitTest, StartsAtTwoOrAtWhatIsRememberedWithinTheMost) {
  EXPECT_EQ(ConnectionLimit(16).Get(), 2);
  EXPECT_EQ(ConnectionLimit(16, 6).Get(), 6);
  EXPECT_EQ(ConnectionLimit(4, 6).Get(), 4);
  EXPECT_EQ(ConnectionLimit(1).Get(), 1);
  EXPECT_EQ(ConnectionLimit(0).Get(), 1);
  EXPECT_EQ(ConnectionLimit(16, -3).Get(), 2);
}

TEST_F(ConnectionLimitTest, DoublesWhileThatPays) {
  Drive(4, Useful(1000));
  EXPECT_EQ(limit_.Get(), 16);
  EXPECT_EQ(limit_.best(), 16);
}

TEST_F(ConnectionLimitTest, NeverExceedsTheMost) {
  Renew(6);
  Drive(100, Useful(1000));
  EXPECT_EQ(limit_.Get(), 6);
  EXPECT_EQ(highest_, 6);
}

TEST_F(ConnectionLimitTest, StaysWhereMoreBringsNothing) {
  Drive(10, Useful(4));
  EXPECT_EQ(limit_.Get(), 8);  // 8 showed no more than 4
  EXPECT_EQ(limit_.best(), 4);
  EXPECT_EQ(highest_, 8);
}

TEST_F(ConnectionLimitTest, FivePercentIsTheLeastThatPays) {
  Drive(10, [](int n) { return n <= 2 ? kConnection : kConnection * 104 / 100; });
  EXPECT_EQ(limit_.Get(), 4);
  Renew(16);
  Drive(10, [](int n) { return n <= 2 ? kConnection : kConnection * 107 / 100; });
  EXPECT_EQ(limit_.Get(), 8);
}

TEST_F(ConnectionLimitTest, GoesBackWhenAStepHalvesTheSum) {
  Drive(10, [](int n) { return n <= 4 ? n * kConnection : kConnection; });
  EXPECT_EQ(limit_.Get(), 4);
  EXPECT_EQ(highest_, 8);
  EXPECT_EQ(limit_.best(), 4);
}

// Over a long line a connection needs a second to bring its first byte.
TEST_F(ConnectionLimitTest, LearnsNothingFromConnectionsThatHaveNotBegun) {
  beginning_ = 2;
  Drive(5, [](int) { return 2 * kConnection; });
  EXPECT_EQ(limit_.Get(), 4);
  beginning_ = 1000;
  Drive(4, Useful(1000));
  EXPECT_EQ(limit_.Get(), 16);
}

TEST_F(ConnectionLimitTest, OnlyWhatIsAboveALimitThatHurtIsToEnd) {
  Drive(10, [](int n) { return n <= 4 ? n * kConnection : kConnection; });
  ASSERT_EQ(limit_.Get(), 4);
  EXPECT_EQ(limit_.Excess(7), 3);
  EXPECT_EQ(limit_.Excess(3), 0);
  limit_.OnLoss(now_);
  EXPECT_EQ(limit_.Excess(7), 0) << "the others may go on to the end of their ranges";
}

TEST_F(ConnectionLimitTest, AWindowOfLessIsNotYetAStepThatHurts) {
  Drive(0.3, Useful(1000));
  ASSERT_EQ(limit_.Get(), 4);
  Drive(0.5, [](int) { return 3 * kConnection / 2; });  // of 2
  EXPECT_EQ(limit_.Get(), 4);
  Drive(4, Useful(1000));
  EXPECT_EQ(limit_.Get(), 16);
}

TEST_F(ConnectionLimitTest, ASourceThatSlowsDownLaterWasNotHurtByTheStep) {
  Drive(4, Useful(1000));
  ASSERT_EQ(limit_.Get(), 16);
  Drive(4, [](int n) { return n * kConnection / 4; });
  EXPECT_EQ(limit_.Get(), 16);
}

TEST_F(ConnectionLimitTest, TriesSeldomerWhereItHurts) {
  const auto crowd = [](int n) { return n <= 4 ? n * kConnection : kConnection; };
  Drive(10, crowd);
  int above = 0, ticks = 0;
  for (; ticks < 200 * 10; ++ticks) {
    Drive(0.1, crowd);
    above += limit_.Get() > 4;
  }
  EXPECT_GT(above, 0);
  EXPECT_LT(above * 80, ticks);
}

// A small file comes at once, a round trip after it was asked for: hardly ever are two bodies on their way.
TEST_F(ConnectionLimitTest, LearnsFromSmallFiles) {
  for (int i = 0; i < 1000; ++i) {
    Pass(0.05 / limit_.Get());
    limit_.OnBytes(4096, limit_.Get(), true, now_);
  }
  EXPECT_EQ(limit_.Get(), 16);
}

// As nginx's limit_rate gives it: every connection has a second's worth at once when it begins and with each second of the clock.
TEST_F(ConnectionLimitTest, BurstsAreNotTakenForTheRate) {
  for (int phase = 0; phase < 100; phase += 10) {
    for (int trip = 0; trip <= 20; trip += 2) {  // ticks until a new connection brings something
      Renew(16);
      std::deque<int> begins;  // of connections: at which tick
      for (int tick = 0; tick < 1000; ++tick) {
        now_ += absl::Milliseconds(10);
        while (static_cast<int>(begins.size()) > limit_.Get()) begins.pop_back();
        while (static_cast<int>(begins.size()) < limit_.Get()) begins.push_back(tick + trip);
        for (const int begin : begins) {
          const bool bursts = begin == tick || (begin < tick && (tick + phase) % 100 == 0);
          for (int i = 0; bursts && i < 8; ++i) limit_.OnBytes(kConnection / 8, static_cast<int>(begins.size()), begin == tick && i == 0, now_);
        }
      }
      EXPECT_EQ(limit_.Get(), 16) << phase << " " << trip;
      Pass(60);
    }
  }
}

// Some sources slow all connections of who has too many.
TEST_F(ConnectionLimitTest, GoesBackWhenAStepCostsMoreThanASeventhOfTheSum) {
  for (const auto& [share, stays] : {std::pair(0.80, 4), {0.90, 8}}) {
    Renew(16);
    Drive(10, [share = share](int n) { return n <= 4 ? n * kConnection : static_cast<ByteCount>(4 * share * kConnection); });
    EXPECT_EQ(limit_.Get(), stays) << share;
  }
}

TEST_F(ConnectionLimitTest, TriesOneStepAfterThirtySecondsAndTakesItBackWhenItBringsNothing) {
  Drive(10, Useful(4));
  ASSERT_EQ(limit_.Get(), 8);
  Drive(20, Useful(4));
  EXPECT_EQ(highest_, 8);
  Drive(600, Useful(4));
  EXPECT_EQ(highest_, 16);
  int tried = 0, windows = 0;
  for (; windows < 240; ++windows) {
    Drive(0.5, Useful(4));
    tried += limit_.Get() > 8;
  }
  EXPECT_LT(tried * 8, windows);
  EXPECT_GT(tried, 0);
}

TEST_F(ConnectionLimitTest, ClimbsOnWhenATrialPays) {
  Drive(10, Useful(2));
  ASSERT_EQ(limit_.Get(), 4);
  Drive(60, Useful(1000));
  EXPECT_EQ(limit_.Get(), 16);
}

// A connection over a long line needs a while until it carries anything.
TEST_F(ConnectionLimitTest, ATrialGivesNewConnectionsTwoSeconds) {
  Drive(10, Useful(2));
  ASSERT_EQ(limit_.Get(), 4);
  absl::Time stepped = absl::InfiniteFuture();
  Drive(60, [&](int n) {
    if (n > 4) stepped = std::min(stepped, now_);
    return now_ - stepped > absl::Seconds(2) ? n * kConnection : 2 * kConnection;
  });
  EXPECT_EQ(limit_.Get(), 16);
}

TEST_F(ConnectionLimitTest, ALossHalvesAndSeveralAtOnceCountOnce) {
  Drive(4, Useful(1000));
  for (int i = 0; i < 5; ++i) {
    limit_.OnLoss(now_);
    Pass(0.05);
  }
  EXPECT_EQ(limit_.Get(), 8);
  Pass(0.5);
  limit_.OnLoss(now_);
  EXPECT_EQ(limit_.Get(), 4);
}

TEST_F(ConnectionLimitTest, LossesLeaveOneConnection) {
  for (int i = 0; i < 10; ++i) {
    limit_.OnLoss(now_);
    Pass(1);
  }
  EXPECT_EQ(limit_.Get(), 1);
}

TEST_F(ConnectionLimitTest, ClimbsAgainFiveSecondsAfterALoss) {
  Drive(4, Useful(1000));
  limit_.OnLoss(now_);
  Drive(4.9, Useful(1000));
  EXPECT_EQ(limit_.Get(), 8);
  Drive(2, Useful(1000));
  EXPECT_EQ(limit_.Get(), 16);
}

TEST_F(ConnectionLimitTest, TheBestCountSurvivesALoss) {
  Drive(4, Useful(1000));
  limit_.OnLoss(now_);
  EXPECT_EQ(limit_.best(), 16);
}

TEST_F(ConnectionLimitTest, LearnsNothingWhileThereIsTooLittleWork) {
  work_ = 1;
  Drive(60, Useful(1000));
  EXPECT_EQ(limit_.Get(), 2);
}

// Short ranges: one of the connections is between two requests most of the time.
TEST_F(ConnectionLimitTest, LearnsFromShortRangesWhenThreeQuartersOfArrivalsFindAllBusy) {
  int tick = 0;
  for (int i = 0; i < 400; ++i, ++tick) {
    Pass(0.01);
    const int idle = tick % 4 == 0 ? 1 : 0;
    limit_.OnBytes(limit_.Get() * kConnection / 100, limit_.Get() - idle, tick % 8 == 0, now_);
  }
  EXPECT_EQ(limit_.Get(), 16);
}

// Between two pulls nothing comes. The window that the first left open says nothing about the second.
TEST_F(ConnectionLimitTest, ASilenceBetweenPullsIsNotASlowWindow) {
  Renew(64);
  Drive(0.9, Useful(1000));  // just stepped up, in the middle of a window
  const int before = limit_.Get();
  ASSERT_GE(before, 16);
  ASSERT_LT(before, 64);
  Pass(600);
  Drive(0.2, Useful(1000));
  EXPECT_EQ(limit_.Get(), before);
  Drive(2, Useful(1000));
  EXPECT_EQ(limit_.Get(), 64);
}

TEST_F(ConnectionLimitTest, ASlowLineStillLearns) {
  // 1.4 KB at a time, one and a half seconds apart for one connection.
  for (int i = 0; i < 200; ++i) {
    Pass(1.5 / limit_.Get());
    limit_.OnBytes(1400, limit_.Get(), i % limit_.Get() == 0, now_);
  }
  EXPECT_EQ(limit_.Get(), 16);
}

}  // namespace
}  // namespace hfget::core
