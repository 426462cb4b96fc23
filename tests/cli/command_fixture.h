// Commands from their words to their output, against a fake daemon.
#ifndef HFGET_TESTS_CLI_COMMAND_FIXTURE_H_
#define HFGET_TESTS_CLI_COMMAND_FIXTURE_H_

#include <sstream>
#include <string>
#include <vector>

#include "cli/run.h"
#include "gmock/gmock.h"
#include "tests/cli/fake_daemon.h"
#include "tests/cli/pull_samples.h"
#include "tests/cli/temp_folder.h"

namespace hfget::cli::testing {

class CommandFixture : public ::testing::Test {
 protected:
  CommandFixture() : socket_(temp_.path() + "/s"), daemon_(socket_), processes_(&daemon_) {
    timing_.ready = absl::ZeroDuration();
    timing_.retry_for = absl::ZeroDuration();
    timing_.retry_every = absl::ZeroDuration();
    timing_.poll = absl::ZeroDuration();
    env_ = {{"HOME", temp_.path()}, {"HFGET_SOCKET", socket_}};
  }

  void TearDown() override { daemon_.Stop(); }

  int Run(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    Context context{out_,      err_, inbox_,    processes_, Environment(env_),
                    terminal_, "/w", geteuid(), timing_};
    context.out_terminal = out_terminal_;
    if (now_) context.now = now_;
    context.ask_secret = [this](const std::string&, std::ostream&) { return secret_; };
    return static_cast<int>(cli::Run(context, words));
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  // Pull answers `pull`; WatchPull gives these snapshots and ends with `status`.
  void Accept(const v1::Pull& pull) {
    daemon_.on_pull = [pull](const v1::PullRequest&, v1::PullResponse* response) {
      *response->mutable_pull() = pull;
      return grpc::Status::OK;
    };
  }
  static grpc::Status Stream(FakeDaemon::Writer* writer, const std::vector<v1::Pull>& snapshots,
                             const grpc::Status& status = grpc::Status::OK) {
    for (const v1::Pull& snapshot : snapshots) {
      v1::WatchPullResponse response;
      *response.mutable_pull() = snapshot;
      writer->Write(response);
    }
    return status;
  }
  void Watch(const std::vector<v1::Pull>& snapshots) {
    daemon_.on_watch = [=](int, const std::string&, FakeDaemon::Writer* writer) {
      return Stream(writer, snapshots);
    };
  }
  void PullEndsWith(const v1::Pull& last) {
    Accept(NewPull(v1::PULL_STATE_QUEUED));
    Watch({FetchingPull(), last});
  }

  TempFolder temp_;
  std::string socket_;
  FakeDaemon daemon_;
  FakeProcesses processes_;
  Inbox inbox_;
  Terminal terminal_;      // behind err
  Terminal out_terminal_;  // behind out
  Timing timing_;
  std::function<absl::Time()> now_;  // unset: the real one
  std::map<std::string, std::string> env_;
  absl::StatusOr<std::string> secret_ = "";  // what standard input holds
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace hfget::cli::testing

#endif  // HFGET_TESTS_CLI_COMMAND_FIXTURE_H_
