#include "daemon/store/schema.h"

#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "daemon/base/file_system.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/store/keys.h"
#include "daemon/store/rocks_status.h"
#include "daemon/store/rocks_store.h"
#include "hfget/v1/records.pb.h"

namespace hfget::store {
namespace {

using records::v1::SchemaRecord;

rocksdb::Slice SliceOf(absl::string_view text) { return {text.data(), text.size()}; }

SchemaRecord RecordOf(int version) {
  SchemaRecord record;
  record.set_version(version);
  record.set_written_by(HFGET_VERSION);
  return record;
}

absl::Status RefuseNewer(int version, absl::string_view written_by, const Schema& schema) {
  if (version <= schema.version) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "it was written by hfgetd ", written_by, " (schema ", version, "), and this is hfgetd ",
      HFGET_VERSION, " (schema ", schema.version,
      "): start that version or a newer one, or give this one another --state-dir"));
}

// Twice in one line, as the seal: a flipped bit must not pass for a newer version.
std::string Text(int version, absl::string_view written_by) {
  const std::string half = absl::StrCat(version, " ", written_by);
  return absl::StrCat(half, " ", half, "\n");
}

enum class FileState { kAbsent, kDamaged, kRead };

FileState ReadFile(rocksdb::Env* env, const std::string& folder, SchemaRecord& record) {
  std::string text;
  const rocksdb::Status read =
      rocksdb::ReadFileToString(env, JoinPath(folder, "SCHEMA"), &text);
  if (read.IsNotFound() || read.IsPathNotFound()) return FileState::kAbsent;
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  int version = 0;
  if (!read.ok() || words.size() < 2 || !absl::SimpleAtoi(words[0], &version) || version < 1 ||
      Text(version, words[1]) != text) {
    return FileState::kDamaged;
  }
  record.set_version(version);
  record.set_written_by(words[1]);
  return FileState::kRead;
}

absl::Status WriteFile(rocksdb::Env* env, const std::string& folder, const Schema& schema) {
  SchemaRecord there;
  if (ReadFile(env, folder, there) == FileState::kRead && there.version() == schema.version) {
    return absl::OkStatus();
  }
  const std::string path = JoinPath(folder, "SCHEMA"), temporary = path + ".tmp";
  return CallRocks([&] {
    const rocksdb::Status written = rocksdb::WriteStringToFile(
        env, Text(schema.version, HFGET_VERSION), temporary, /*should_sync=*/true);
    return written.ok() ? env->RenameFile(temporary, path) : written;
  });
}

// `changes` and the version that they lead to, in one write.
absl::Status WriteVersion(rocksdb::DB& db, rocksdb::WriteBatch& changes, int version) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  return CallRocks([&] {
    const rocksdb::Status put =
        changes.Put(SliceOf(kSchemaKey), RecordOf(version).SerializeAsString());
    return put.ok() ? db.Write(synced, &changes) : put;
  });
}

absl::Status Migrate(rocksdb::DB& db, int from, const Schema& schema) {
  for (int version = from; version < schema.version; ++version) {
    rocksdb::WriteBatch changes;
    absl::Status status = schema.steps[static_cast<size_t>(version) - 1](db, changes);
    if (status.ok()) status = WriteVersion(db, changes, version + 1);
    HFGET_RETURN_IF_ERROR(
        Annotate(status, absl::StrCat("from schema ", version, " to ", version + 1)));
    spdlog::info("the state store is brought from schema {} to {}", version, version + 1);
  }
  return absl::OkStatus();
}

}  // namespace

// There has been one version only: what came since (fields, the files beside the database) an older
// hfgetd reads rightly or does not see. Who adds the second adds its step here, and a store made by
// this one to tests/store/data.
const Schema& CurrentSchema() {
  static const Schema* const schema = new Schema{kSchemaVersion, {}};
  static_assert(kSchemaVersion == 1, "one step for each version after the first");
  return *schema;
}

absl::Status CheckSchemaFile(rocksdb::Env* env, const std::string& folder, const Schema& schema) {
  SchemaRecord record;
  if (ReadFile(env, folder, record) != FileState::kRead) return absl::OkStatus();
  return RefuseNewer(record.version(), record.written_by(), schema);
}

absl::Status CheckSchemaRecord(rocksdb::DB& db, const Schema& schema) {
  std::string value;
  const rocksdb::Status found = db.Get({}, SliceOf(kSchemaKey), &value);
  if (found.IsNotFound()) {
    const std::unique_ptr<rocksdb::Iterator> any(db.NewIterator({}));
    any->SeekToFirst();
    if (any->Valid()) return absl::DataLossError("no schema record");
    return FromRocks(any->status());  // died just after it was made
  }
  HFGET_RETURN_IF_ERROR(FromRocks(found));
  SchemaRecord record;
  if (!record.ParseFromString(value) || record.version() < 1) {
    return absl::DataLossError("a damaged schema record");
  }
  return RefuseNewer(record.version(), record.written_by(), schema);
}

std::string SchemaRecordByFile(rocksdb::Env* env, const std::string& folder) {
  SchemaRecord record;
  switch (ReadFile(env, folder, record)) {
    case FileState::kAbsent:
      return RecordOf(1).SerializeAsString();
    case FileState::kDamaged:
      return "";
    case FileState::kRead:
      break;
  }
  return record.SerializeAsString();
}

absl::Status BringUpToDate(rocksdb::DB& db, rocksdb::Env* env, const std::string& folder,
                           const Schema& schema) {
  std::string value;
  const rocksdb::Status found = db.Get({}, SliceOf(kSchemaKey), &value);
  if (!found.ok() && !found.IsNotFound()) return FromRocks(found);
  if (found.ok()) {
    SchemaRecord record;
    record.ParseFromString(value);
    HFGET_RETURN_IF_ERROR(Migrate(db, record.version(), schema));
  } else {
    rocksdb::WriteBatch nothing;
    HFGET_RETURN_IF_ERROR(WriteVersion(db, nothing, schema.version));
  }
  return WriteFile(env, folder, schema);
}

}  // namespace hfget::store
