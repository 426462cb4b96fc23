#include "daemon/base/thread.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace hfget {
namespace {

int Nice() { return getpriority(PRIO_PROCESS, 0); }

TEST(ThreadTest, OneThreadIsNamedAndStandsBackAndNoOther) {
  const int before = Nice();
  std::string name(16, '\0');
  int nice = 0;
  std::thread([&] {
    NameThread("worker");
    YieldToOthers(3);
    pthread_getname_np(pthread_self(), name.data(), name.size());
    nice = Nice();
  }).join();
  EXPECT_STREQ(name.c_str(), "worker");
  EXPECT_EQ(nice, std::min(before + 3, 19));
  EXPECT_EQ(Nice(), before);
}

}  // namespace
}  // namespace hfget
