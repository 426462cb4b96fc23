#include "daemon/store/seal.h"

#include <xxhash.h>

#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"
#include "daemon/store/rocks_status.h"

namespace hfget::store {
namespace {

// Written twice in one line: a flipped bit in it must not condemn a good store.
std::string Twice(const std::string& half) { return absl::StrCat(half, " ", half, "\n"); }

std::string ShortText(const Seal& seal) {
  return Twice(absl::StrCat(seal.sequence, " ", seal.log));
}

std::string Text(const Seal& seal) {
  const ManifestMark& m = seal.manifest;
  return Twice(
      absl::StrCat(seal.sequence, " ", seal.log, " ", m.number, " ", m.bytes, " ", m.hash));
}

}  // namespace

Seal ReadSeal(rocksdb::Env* env, const std::string& folder) {
  std::string text;
  if (!rocksdb::ReadFileToString(env, JoinPath(folder, "SEAL"), &text).ok()) return {};
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  Seal seal;
  if (words.size() < 4 || !absl::SimpleAtoi(words[0], &seal.sequence) ||
      !absl::SimpleAtoi(words[1], &seal.log)) {
    return {};
  }
  if (ShortText(seal) == text) return seal;
  ManifestMark& m = seal.manifest;
  if (words.size() < 5 || !absl::SimpleAtoi(words[2], &m.number) ||
      !absl::SimpleAtoi(words[3], &m.bytes) || !absl::SimpleAtoi(words[4], &m.hash)) {
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

absl::StatusOr<ManifestMark> MarkManifest(rocksdb::Env* env, const std::string& folder,
                                          uint64_t number, uint64_t bytes) {
  const std::string name = absl::StrFormat("MANIFEST-%06u", number);
  std::string text;
  HFGET_RETURN_IF_ERROR(
      CallRocks([&] { return rocksdb::ReadFileToString(env, JoinPath(folder, name), &text); }));
  if (text.size() < bytes) {
    return absl::DataLossError(absl::StrCat("the end of ", name, " is gone"));
  }
  return ManifestMark{number, bytes, XXH3_64bits(text.data(), static_cast<size_t>(bytes))};
}

}  // namespace hfget::store
