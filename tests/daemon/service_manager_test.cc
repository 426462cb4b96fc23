#include "daemon/service_manager.h"

#include "gtest/gtest.h"

namespace hfget {
namespace {

TEST(PulseTest, BeatsWhenTheThreadHasDoneWhatItWasAsked) {
  Mailbox engine([] {});
  Pulse pulse(engine);
  EXPECT_FALSE(pulse.Beats());  // has just been asked
  engine.Drain();
  EXPECT_TRUE(pulse.Beats());
  engine.Drain();
  EXPECT_TRUE(pulse.Beats());
}

TEST(PulseTest, AThreadThatHangsIsNotAskedTwice) {
  Mailbox engine([] {});
  Pulse pulse(engine);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(pulse.Beats());
  EXPECT_EQ(engine.Drain(), 1u);
  EXPECT_TRUE(pulse.Beats());  // it has come back
}

TEST(PulseTest, AThreadMayAnswerWhenNobodyAsksAnyMore) {
  Mailbox engine([] {});
  {
    Pulse pulse(engine);
    pulse.Beats();
  }
  EXPECT_EQ(engine.Drain(), 1u);
}

TEST(ServiceWatchdogTest, WithoutAManagerThereIsNobodyToFeed) {
  Mailbox engine([] {});
  const ServiceManager manager(/*listens=*/true);
  EXPECT_EQ(manager.patience(), absl::ZeroDuration());
  { const ServiceWatchdog watchdog(manager, engine); }
  EXPECT_TRUE(engine.empty());
}

}  // namespace
}  // namespace hfget
