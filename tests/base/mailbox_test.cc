#include "daemon/base/mailbox.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hfget {
namespace {

using ::testing::ElementsAre;

class MailboxTest : public ::testing::Test {
 protected:
  std::atomic<int> wakes_ = 0;
  Mailbox mailbox_{[this] { ++wakes_; }};
};

TEST_F(MailboxTest, RunsTasksInOrderOnce) {
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) mailbox_.Post([&ran, i] { ran.push_back(i); });
  EXPECT_FALSE(mailbox_.empty());
  EXPECT_EQ(mailbox_.Drain(), 3u);
  EXPECT_EQ(mailbox_.Drain(), 0u);
  EXPECT_TRUE(mailbox_.empty());
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST_F(MailboxTest, WakesOnceForAFullBox) {
  for (int i = 0; i < 3; ++i) mailbox_.Post([] {});
  EXPECT_EQ(wakes_, 1);
  mailbox_.Drain();
  mailbox_.Post([] {});
  EXPECT_EQ(wakes_, 2);
}

TEST_F(MailboxTest, WhatATaskPostsWaitsForTheNextDrain) {
  int ran = 0;
  mailbox_.Post([&] {
    ++ran;
    mailbox_.Post([&] { ++ran; });
  });
  EXPECT_EQ(mailbox_.Drain(), 1u);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(wakes_, 2);
  EXPECT_EQ(mailbox_.Drain(), 1u);
  EXPECT_EQ(ran, 2);
}

TEST_F(MailboxTest, WakeMayPost) {
  int ran = 0;
  Mailbox* self = nullptr;
  bool again = true;
  Mailbox mailbox([&] {
    if (std::exchange(again, false)) self->Post([&] { ++ran; });
  });
  self = &mailbox;
  mailbox.Post([&] { ++ran; });
  mailbox.Drain();
  EXPECT_EQ(ran, 2);
}

TEST_F(MailboxTest, LosesNothingOfManyThreads) {
  std::vector<std::thread> threads;
  std::vector<std::vector<int>> ran(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) mailbox_.Post([&ran, t, i] { ran[t].push_back(i); });
    });
  }
  size_t total = 0;
  while (total < 4000) total += mailbox_.Drain();
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<int>& mine : ran) {
    ASSERT_EQ(mine.size(), 1000u);
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
  }
}

TEST_F(MailboxTest, DropsTasksThatNobodyDrained) {
  auto alive = std::make_shared<int>();
  {
    Mailbox mailbox([this] { ++wakes_; });
    mailbox.Post([alive] {});
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace hfget
