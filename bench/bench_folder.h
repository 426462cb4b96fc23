// A folder of the real file system that is gone after the benchmark; under TMPDIR, which bench/run sets to its own output folder.
#ifndef HFGET_BENCH_BENCH_FOLDER_H_
#define HFGET_BENCH_BENCH_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "daemon/base/mailbox.h"

namespace hfget {

class BenchFolder {
 public:
  BenchFolder() : path_((std::filesystem::temp_directory_path() / "hfget-bench-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~BenchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Runs a completion where it is posted, so that no engine thread is part of the figure.
class DirectExecutor final : public Executor {
 public:
  void Post(Task task) override { task(); }
};

}  // namespace hfget

#endif  // HFGET_BENCH_BENCH_FOLDER_H_
