// What the engine's parts stand on, made of fakes, for tests of one part alone.
#ifndef HFGET_TESTS_ENGINE_ENGINE_FIXTURE_H_
#define HFGET_TESTS_ENGINE_ENGINE_FIXTURE_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/engine/context.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/fake_store.h"
#include "tests/fakes/memory_file_system.h"

namespace hfget::testing {

// Thread: one.
class EngineFixture : public ::testing::Test {
 protected:
  // "https://<name>.test". Before Build.
  FakeHost& AddSource(const std::string& name) {
    engine::SourceConfig source;
    source.name = name;
    source.endpoint = absl::StrCat("https://", name, ".test");
    source.authority = name == "official";
    source.token_policy = source.authority ? core::TokenPolicy::kAlways : core::TokenPolicy::kNever;
    config.sources.push_back(source);
    return internet.AddHub(source.endpoint);
  }
  void Build() {
    std::vector<std::string> problems;
    sources = std::make_unique<engine::Sources>(config, &problems, &clock);
    context = std::make_unique<engine::Context>(
        engine::Context{config, network, disk, store, clock, timers, *sources, rng, counters});
  }
  // Until `condition` holds or nothing is left to happen within `limit`.
  bool RunUntil(const std::function<bool()>& condition, absl::Duration limit = absl::Minutes(10)) {
    for (const absl::Time end = clock.Steady() + limit; clock.Steady() < end && !condition();) {
      mailbox.Drain();
      timers.RunDue(clock.Steady());
      if (condition()) break;
      network.Poll(std::min(timers.Next(), end) - clock.Steady());
    }
    return condition();
  }

  FakeClock clock;
  FakeInternet internet;
  MemoryFileSystem files;
  FakeRecords records;
  Mailbox mailbox{[this] { network.Wake(); }};
  FakeNetwork network{clock, internet, 1};
  FakeStore store{clock, mailbox, records};
  FakeDisk disk{clock, files, mailbox, store.digest_key(), 8, {}, 1};
  engine::EngineConfig config;
  engine::Timers timers;
  std::mt19937_64 rng{1};
  engine::Counters counters;
  std::unique_ptr<engine::Sources> sources;
  std::unique_ptr<engine::Context> context;
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_ENGINE_ENGINE_FIXTURE_H_
