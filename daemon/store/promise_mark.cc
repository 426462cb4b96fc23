#include "daemon/store/promise_mark.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"
#include "daemon/store/rocks_status.h"

namespace hfget::store {
namespace {

// Twice, as in the seal, and always as long: one write in place is then all of it, or seen.
std::string Text(uint64_t sequence) { return absl::StrFormat("%020u %020u\n", sequence, sequence); }

std::string PathIn(const std::string& folder) { return JoinPath(folder, "PROMISED"); }

}  // namespace

uint64_t PromiseMark::Read(rocksdb::Env* env, const std::string& folder) {
  std::string text;
  if (!rocksdb::ReadFileToString(env, PathIn(folder), &text).ok()) return 0;
  uint64_t sequence = 0;
  if (!absl::SimpleAtoi(absl::string_view(text).substr(0, 20), &sequence)) return 0;
  return Text(sequence) == text ? sequence : 0;
}

absl::StatusOr<std::unique_ptr<PromiseMark>> PromiseMark::Make(rocksdb::Env* env,
                                                               const std::string& folder,
                                                               uint64_t sequence) {
  const std::string path = PathIn(folder), temporary = path + ".tmp";
  std::unique_ptr<rocksdb::RandomRWFile> file;
  HFGET_RETURN_IF_ERROR(CallRocks([&] {
    rocksdb::Status status =
        rocksdb::WriteStringToFile(env, Text(sequence), temporary, /*should_sync=*/true);
    if (status.ok()) status = env->RenameFile(temporary, path);
    if (status.ok()) status = env->NewRandomRWFile(path, &file, rocksdb::EnvOptions());
    return status;
  }));
  return std::unique_ptr<PromiseMark>(new PromiseMark(std::move(file)));
}

absl::Status PromiseMark::Move(uint64_t sequence) {
  return CallRocks([&] { return file_->Write(0, Text(sequence)); });
}

}  // namespace hfget::store
