// Pulls as a daemon would describe them.
#ifndef HFGET_TESTS_CLI_PULL_SAMPLES_H_
#define HFGET_TESTS_CLI_PULL_SAMPLES_H_

#include <string>

#include "hfget/v1/hfget.pb.h"

namespace hfget::cli::testing {

constexpr int64_t kMiB = 1024 * 1024;
constexpr int64_t kGiB = 1024 * kMiB;
constexpr char kCommit[] = "abcdef12abcdef12abcdef12abcdef12abcdef12";

inline void AddFile(v1::Pull* pull, const std::string& path, int64_t done, int64_t size,
                    int64_t rate,
                    v1::FileProgress::State state = v1::FileProgress::STATE_FETCHING) {
  v1::FileProgress* file = pull->add_files();
  file->set_path(path);
  file->set_done_bytes(done);
  file->set_size_bytes(size);
  file->set_rate_bytes_per_sec(rate);
  file->set_state(state);
}

inline void AddShare(v1::Pull* pull, const std::string& name, int64_t bytes, int64_t rate,
                     int connections, const std::string& note = "") {
  v1::SourceShare* share = pull->add_sources();
  share->set_name(name);
  share->set_bytes(bytes);
  share->set_rate_bytes_per_sec(rate);
  share->set_connections(connections);
  share->set_note(note);
}

inline v1::Pull NewPull(v1::PullState state) {
  v1::Pull pull;
  pull.set_id("p1");
  pull.set_repo("org/model");
  pull.set_type(v1::REPO_TYPE_MODEL);
  pull.set_revision("main");
  pull.set_commit(kCommit);
  pull.set_state(state);
  pull.mutable_created()->set_seconds(1000);
  return pull;
}

inline v1::Pull PausedPull() {
  v1::Pull pull = NewPull(v1::PULL_STATE_PAUSED);
  pull.mutable_error()->set_cause(v1::ERROR_CAUSE_DISK);
  pull.mutable_error()->set_message("the disk is too full");
  return pull;
}

inline v1::Pull FetchingPull() {
  v1::Pull pull = NewPull(v1::PULL_STATE_FETCHING);
  pull.set_total_files(12);
  pull.set_done_files(3);
  pull.set_total_bytes(7 * kGiB);
  pull.set_done_bytes(3 * kGiB);
  pull.set_rate_bytes_per_sec(102 * kMiB);
  pull.mutable_eta()->set_seconds(40);
  AddFile(&pull, "config.json", 600, 600, 0, v1::FileProgress::STATE_PUBLISHED);
  AddFile(&pull, "model-00002-of-00002.safetensors", kGiB, 2 * kGiB, 50 * kMiB);
  AddFile(&pull, "model-00001-of-00002.safetensors", kGiB, 4 * kGiB, 52 * kMiB);
  AddFile(&pull, "vocab.json", kMiB, kMiB, 0, v1::FileProgress::STATE_VERIFYING);
  AddShare(&pull, "official", 1 * kGiB, 40 * kMiB, 4);
  AddShare(&pull, "tuna", 2 * kGiB, 62 * kMiB, 6);
  AddShare(&pull, "pai", 0, 0, 0, "ejected: timeouts");
  return pull;
}

inline v1::Pull DonePull() {
  v1::Pull pull = NewPull(v1::PULL_STATE_DONE);
  pull.set_path("/cache/models--org--model/snapshots/abcdef12");
  pull.set_total_files(12);
  pull.set_done_files(12);
  pull.set_total_bytes(10 * kMiB);
  pull.set_done_bytes(10 * kMiB);
  pull.set_fetched_bytes(10 * kMiB);
  pull.mutable_finished()->set_seconds(1002);
  AddShare(&pull, "tuna", 4 * kMiB, 0, 0);
  AddShare(&pull, "official", 6 * kMiB, 0, 0);
  return pull;
}

inline v1::Pull FailedPull(v1::ErrorCause cause, const std::string& message) {
  v1::Pull pull = NewPull(v1::PULL_STATE_FAILED);
  pull.mutable_error()->set_cause(cause);
  pull.mutable_error()->set_message(message);
  return pull;
}

}  // namespace hfget::cli::testing

#endif  // HFGET_TESTS_CLI_PULL_SAMPLES_H_
