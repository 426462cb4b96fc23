#include "daemon/disk/thread_pool.h"

#include <atomic>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"

namespace hfget::disk {
namespace {

TEST(ThreadPool, OneThreadKeepsTheOrder) {
  std::vector<int> ran;
  {
    ThreadPool pool(1);
    for (int i = 0; i < 5; ++i) pool.Post([&ran, i] { ran.push_back(i); });
  }
  EXPECT_THAT(ran, ::testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(ThreadPool, RunsAtTheSameTime) {
  ThreadPool pool(2);
  absl::Notification a, b;
  pool.Post([&] {
    a.Notify();
    b.WaitForNotification();
  });
  pool.Post([&] {
    a.WaitForNotification();
    b.Notify();
  });
}

TEST(ThreadPool, FinishesWhatTasksQueueWhileItEnds) {
  std::atomic<int> ran = 0;
  {
    ThreadPool pool(2);
    pool.Post([&] {
      ++ran;
      pool.Post([&] {
        ++ran;
        pool.Post([&] { ++ran; });
      });
    });
  }
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace hfget::disk
