// A folder of a test, removed with it. Short, because a socket's path may have 107 bytes.
#ifndef HFGET_TESTS_CLI_TEMP_FOLDER_H_
#define HFGET_TESTS_CLI_TEMP_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hfget::cli::testing {

class TempFolder {
 public:
  TempFolder() : path_("/tmp/hfget-test-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace hfget::cli::testing

#endif  // HFGET_TESTS_CLI_TEMP_FOLDER_H_
