// What a daemon says of itself at one moment.
#ifndef HFGET_TESTS_CLI_TOP_SAMPLES_H_
#define HFGET_TESTS_CLI_TOP_SAMPLES_H_

#include <string>

#include "cli/top_view.h"
#include "tests/cli/pull_samples.h"

namespace hfget::cli::testing {

inline void AddTopSource(TopSnapshot* top, const std::string& name, const std::string& state) {
  v1::Source* source = top->sources.add_sources();
  source->set_name(name);
  source->set_state(state);
  source->set_enabled(state != "off");
  source->set_success(0.98);
  source->mutable_latency()->set_nanos(40'000'000);
}

// Two pulls, the first of which moves and is mapped, and four sources.
inline TopSnapshot ABusyDaemon() {
  TopSnapshot top;
  top.daemon.set_version("0.1.0");
  top.daemon.mutable_started()->set_seconds(1000);
  AddTopSource(&top, "modelscope", "off");
  AddTopSource(&top, "official", "ok");
  AddTopSource(&top, "tuna", "ok");
  AddTopSource(&top, "pai", "ejected");
  v1::Pull* pull = top.pulls.add_pulls();
  *pull = FetchingPull();
  pull->set_priority(5);
  v1::Pull* queued = top.pulls.add_pulls();
  *queued = NewPull(v1::PULL_STATE_QUEUED);
  queued->set_id("p2");
  queued->set_queue_position(1);
  top.stats.emplace();
  top.stats->set_max_connections(64);
  top.stats->set_wasted_bytes(1 * kMiB);
  top.stats->add_sources()->set_received_bytes(100 * kMiB);
  auto* count = top.stats->mutable_pulls()->add_by_state();
  count->set_state(v1::PULL_STATE_QUEUED);
  count->set_count(1);
  top.selected = "p1";
  top.map.emplace();
  top.map->add_sources("official");
  top.map->add_sources("tuna");
  v1::FilePieces* file = top.map->add_files();
  file->set_path("model-00001-of-00002.safetensors");
  file->set_size_bytes(4 * kGiB);
  for (int i = 0; i < 60; ++i) {
    file->add_done_percent(i < 20 ? 100 : 0);
    file->add_in_flight(i >= 20 && i < 30);
    file->add_source(i < 30 ? 1 + i % 2 : 0);
  }
  return top;
}

}  // namespace hfget::cli::testing

#endif  // HFGET_TESTS_CLI_TOP_SAMPLES_H_
