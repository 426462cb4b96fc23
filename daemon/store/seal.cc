#include "daemon/store/seal.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/file_system.h"
#include "daemon/store/rocks_status.h"

namespace hfget::store {
namespace {

// Written twice in one line: a flipped bit in it must not condemn a good store.
std::string Text(const Seal& seal) {
  const std::string half = absl::StrCat(seal.sequence, " ", seal.log);
  return absl::StrCat(half, " ", half, "\n");
}

}  // namespace

Seal ReadSeal(rocksdb::Env* env, const std::string& folder) {
  std::string text;
  if (!rocksdb::ReadFileToString(env, JoinPath(folder, "SEAL"), &text).ok()) return {};
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  Seal seal;
  if (words.size() != 4 || !absl::SimpleAtoi(words[0], &seal.sequence) ||
      !absl::SimpleAtoi(words[1], &seal.log)) {
    return {};
  }
  return Text(seal) == text ? seal : Seal{};
}

absl::Status WriteSeal(rocksdb::Env* env, const std::string& folder, const Seal& seal) {
  const std::string path = JoinPath(folder, "SEAL"), temporary = path + ".tmp";
  return CallRocks([&] {
    const rocksdb::Status written =
        rocksdb::WriteStringToFile(env, Text(seal), temporary, /*should_sync=*/true);
    return written.ok() ? env->RenameFile(temporary, path) : written;
  });
}

}  // namespace hfget::store
