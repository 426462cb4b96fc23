// Where a command waits for whatever comes first: a snapshot, the end of the stream, a signal, or a
// moment.
#ifndef HFGET_CLI_INBOX_H_
#define HFGET_CLI_INBOX_H_

#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// Thread: Put… by any, the rest by the one that waits.
class Inbox {
 public:
  // What came since the last Wait. Everything is empty when the moment came first.
  struct News {
    std::optional<v1::Pull> snapshot;   // the newest; older ones are dropped
    std::vector<v1::BenchSourcesResponse> bench;  // all of them, in their order
    std::optional<absl::Status> ended;  // the stream is over
    int signal = 0;                     // SIGINT or SIGTERM
    bool resumed = false;               // SIGCONT
    bool resized = false;               // SIGWINCH
  };

  // From Open to Close, signals are taken as news. Outside of that PutSignal answers false: whoever
  // caught the signal has to end the process.
  void Open();
  void Close();
  bool PutSignal(int signal);

  // Forgets what the stream before this one said.
  void BeginStream();
  void PutSnapshot(v1::Pull pull);
  void PutBench(v1::BenchSourcesResponse response);
  void PutEnd(absl::Status status);

  News Wait(absl::Time deadline);

 private:
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return has_news_; }

  absl::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  bool has_news_ ABSL_GUARDED_BY(mu_) = false;
  News news_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_INBOX_H_
