// Starting and ending the daemon's process.
#ifndef HFGET_CLI_PROCESSES_H_
#define HFGET_CLI_PROCESSES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/environment.h"

namespace hfget::cli {

struct DaemonStart {
  std::vector<std::string> arguments;  // without the program and without --ready-fd
  std::string log_file;                // for its standard error, appended to; empty: /dev/null
  absl::Duration timeout = absl::Seconds(10);
};

class Processes {
 public:
  virtual ~Processes() = default;
  // Returns when the daemon has said that it is ready. Errors: FAILED_PRECONDITION with the one
  // line that it said, NOT_FOUND when there is no hfgetd, DEADLINE_EXCEEDED (it has been ended
  // then).
  virtual absl::Status StartDaemon(const DaemonStart& start) = 0;
  // SIGTERM. Errors: FAILED_PRECONDITION when it is seen to be another program, which is left alone: of a socket that systemd listens on,
  // the kernel names systemd, or a daemon that has ended, until the next one serves.
  virtual absl::Status Terminate(int64_t pid) = 0;
  // Goes on as another program of $PATH; `input`, when there is any, is its standard input. Returns only when that fails:
  // FAILED_PRECONDITION. What is still in our streams is lost.
  virtual absl::Status Become(const std::vector<std::string>& words, const std::string& input) = 0;
  // False for a zombie too: it holds nothing any more.
  virtual bool IsRunning(int64_t pid) = 0;
};

class RealProcesses : public Processes {
 public:
  // hfgetd is looked for in `own_folder`, then in $PATH.
  RealProcesses(Environment env, std::string own_folder)
      : env_(std::move(env)), own_folder_(std::move(own_folder)) {}

  absl::Status StartDaemon(const DaemonStart& start) override;
  absl::Status Terminate(int64_t pid) override;
  absl::Status Become(const std::vector<std::string>& words, const std::string& input) override;
  bool IsRunning(int64_t pid) override;

 private:
  absl::StatusOr<std::string> FindDaemon() const;

  const Environment env_;
  const std::string own_folder_;
};

// The folder of the running program; empty when it is not known.
std::string OwnFolder();

}  // namespace hfget::cli

#endif  // HFGET_CLI_PROCESSES_H_
