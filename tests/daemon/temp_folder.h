// A folder that is gone after the test.
#ifndef HFGET_TESTS_DAEMON_TEMP_FOLDER_H_
#define HFGET_TESTS_DAEMON_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace hfget {

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/hfget-daemon-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& leaf) const { return absl::StrCat(path_, "/", leaf); }

  // Writes a file, its folders included, and answers its path.
  std::string Write(const std::string& leaf, const std::string& text) const {
    const std::filesystem::path path = *this / leaf;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

 private:
  std::string path_;
};

}  // namespace hfget

#endif  // HFGET_TESTS_DAEMON_TEMP_FOLDER_H_
